"""A golden set as people write it down, in YAML."""

from pathlib import Path

import yaml

from helpdesk.search.v1 import evaluation_service_pb2
from services.cli.failures import CommandError

EXAMPLE = 'questions: [{question: "How do I get on the VPN?", documents: [network/vpn.md]}]'


def read_golden_set(file: Path, name: str) -> evaluation_service_pb2.GoldenSet:
    """Raises CommandError that says which question is wrong."""
    try:
        content = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _wrong(file, f"is not YAML: {str(error).splitlines()[0]}") from None
    listed = content.get("questions") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not listed:
        raise _wrong(file, "holds no questions.")
    return evaluation_service_pb2.GoldenSet(
        name=name,
        questions=[_question(file, place, one) for place, one in enumerate(listed, start=1)],
    )


def _question(file: Path, place: int, written: object) -> evaluation_service_pb2.GoldenQuestion:
    text = written.get("question") if isinstance(written, dict) else None
    documents = written.get("documents") if isinstance(written, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise _wrong(file, f"says no `question` at number {place}.")
    if not isinstance(documents, list) or not documents:
        raise _wrong(file, f"names no `documents` at number {place}: the sources that answer.")
    return evaluation_service_pb2.GoldenQuestion(
        text=text, source_uris=[str(document) for document in documents]
    )


def _wrong(file: Path, what: str) -> CommandError:
    return CommandError(f"{file} {what}", hint=EXAMPLE, code="GOLDEN_SET_UNREADABLE")
