"""Has files converted, each in a process that is made for it and ends with it."""

import asyncio
import json
import signal
import sys
from dataclasses import asdict
from typing import Any

from services.search.errors import (
    ConversionFailed,
    DocumentDamaged,
    DocumentEncrypted,
    DocumentOnlyPictures,
    DocumentTooCostly,
    DocumentTooLarge,
    DocumentUnsafe,
    EncodingUnclear,
)
from services.search.formats.converted import Converted, Refusal, Refused, Remark, WarningKind
from services.search.formats.kinds import Format
from services.search.formats.limits import MEBIBYTE, Limits
from services.search.formats.processes import memory_file, run_to_end

WORKER = "services.search.formats.worker"
AT_ONCE = 2

_ERRORS = {
    Refused.DAMAGED: DocumentDamaged,
    Refused.ENCRYPTED: DocumentEncrypted,
    Refused.ONLY_PICTURES: DocumentOnlyPictures,
    Refused.TOO_LARGE: DocumentTooLarge,
    Refused.UNSAFE: DocumentUnsafe,
    Refused.TOO_COSTLY: DocumentTooCostly,
    Refused.FAILED: ConversionFailed,
    Refused.ENCODING_UNCLEAR: EncodingUnclear,
}


class Converter:
    """A file that breaks its process breaks nothing else, and never meets another tenant's."""

    def __init__(self, limits: Limits | None = None, worker: str = WORKER) -> None:
        self.limits = limits or Limits()
        self._worker = worker
        self._places = asyncio.Semaphore(AT_ONCE)

    async def convert(self, data: bytes, kind: Format, source_uri: str) -> Converted:
        """Raises the error of what is wrong with the file."""
        async with self._places:
            try:
                return await self._converted(data, kind)
            except Refusal as refusal:
                raise _ERRORS[refusal.why](source_uri, refusal.detail) from None

    async def _converted(self, data: bytes, kind: Format) -> Converted:
        limits = self.limits
        with memory_file(data) as source, memory_file() as target:
            job = json.dumps({"kind": kind.name, "limits": asdict(limits)})
            try:
                async with asyncio.timeout(limits.seconds):
                    code = await run_to_end(self._command(job), source, target)
            except TimeoutError:
                detail = f"its conversion takes longer than {limits.seconds:g} s"
                raise Refusal(Refused.TOO_COSTLY, detail) from None
            target.seek(0)
            output = target.read(limits.output_bytes + 1)
        return _answer(output, code, kind, limits)

    def _command(self, job: str) -> list[str]:
        return [sys.executable, "-s", "-P", "-m", self._worker, job]


def _answer(output: bytes, code: int, kind: Format, limits: Limits) -> Converted:
    head, newline, body = output.partition(b"\n")
    if code != 0 or not newline:
        raise Refusal(*_ending(code, kind, limits))
    try:
        answer: dict[str, Any] = json.loads(head)
        if "refused" in answer:
            raise Refusal(Refused(answer["refused"]), str(answer["detail"]))
        remarks = [
            Remark(WarningKind(kind), int(count), str(text))
            for kind, count, text in answer["warnings"]
        ]
        markdown, title = body.decode(), str(answer["title"])
    except (ValueError, TypeError, KeyError):
        raise Refusal(Refused.FAILED, "the converter answered nonsense") from None
    if len(body) > limits.markdown_bytes:
        raise Refusal(Refused.TOO_LARGE, _too_much(limits))
    return Converted(markdown, title, tuple(remarks))


def _ending(code: int, kind: Format, limits: Limits) -> tuple[Refused, str]:
    if code == -signal.SIGXCPU:
        return (
            Refused.TOO_COSTLY,
            f"its conversion takes more than {limits.processor_seconds} s of computing; split it",
        )
    if code < 0:
        name = signal.Signals(-code).name
        return Refused.FAILED, f"the converter of {kind.shown} was ended by {name}"
    return Refused.FAILED, f"the converter of {kind.shown} ended with {code} and no answer"


def too_much_markdown(source_uri: str, limits: Limits) -> DocumentTooLarge:
    return DocumentTooLarge(source_uri, _too_much(limits))


def _too_much(limits: Limits) -> str:
    return f"it makes more than {limits.markdown_bytes / MEBIBYTE:g} MiB of Markdown; split it"
