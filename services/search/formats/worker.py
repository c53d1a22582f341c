"""The process of one file: `python -m services.search.formats.worker JOB`, the file on stdin.

Answers one line of JSON and the Markdown. Libraries are loaded first and limits set next, so that
foreign bytes are met by a process that can do nothing but compute and answer.
"""

import json
import sys
from collections.abc import Callable
from importlib import import_module

from services.search.formats.confinement import confine
from services.search.formats.converted import Converted, Refusal, Refused
from services.search.formats.invisible import without_controls
from services.search.formats.limits import MEBIBYTE, Limits

Convert = Callable[[bytes, Limits], Converted]

_CONVERTERS = {
    "markdown": "services.search.formats.text",
    "text": "services.search.formats.text",
    "html": "services.search.formats.html.page",
    "pdf": "services.search.formats.pdf.document",
    "docx": "services.search.formats.docx.document",
}
# Of Python's own stack, for what nests as deep as is allowed; it is the limit that refuses.
_FRAMES = 20_000


def main() -> None:
    job = json.loads(sys.argv[1])
    limits = Limits(**job["limits"])
    convert: Convert = import_module(_CONVERTERS[job["kind"]]).convert
    confine(limits)
    sys.setrecursionlimit(_FRAMES)
    sys.stdout.buffer.write(answer(convert, sys.stdin.buffer.read(), limits))
    sys.stdout.buffer.flush()


def answer(convert: Convert, data: bytes, limits: Limits) -> bytes:
    try:
        converted = convert(data, limits)
    except Refusal as refusal:
        return _refusal(refusal.why, refusal.detail)
    except MemoryError:
        memory = f"{limits.memory_bytes / MEBIBYTE:g} MiB"
        return _refusal(Refused.TOO_COSTLY, f"its conversion needs more than {memory} of memory")
    except RecursionError:
        return _refusal(Refused.TOO_LARGE, "it is nested too deeply")
    except Exception as error:  # noqa: BLE001 - whatever a library trips over is the file's fault
        return _refusal(Refused.DAMAGED, f"damaged ({type(error).__name__})")
    markdown = without_controls(converted.markdown).encode()
    if len(markdown) > limits.markdown_bytes:
        allowed = f"{limits.markdown_bytes / MEBIBYTE:g} MiB"
        return _refusal(Refused.TOO_LARGE, f"it makes more than {allowed} of Markdown; split it")
    remarks = [(remark.kind, remark.count, remark.text) for remark in converted.warnings]
    title = " ".join(without_controls(converted.title).split())
    head = {"title": title[:300], "warnings": remarks}
    return json.dumps(head).encode() + b"\n" + markdown


def _refusal(why: Refused, detail: str) -> bytes:
    return json.dumps({"refused": why, "detail": detail}).encode() + b"\n"


if __name__ == "__main__":
    main()
