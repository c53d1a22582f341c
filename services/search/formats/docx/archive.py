"""The parts of a Word document, unpacked only when they are known to be harmless."""

import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from xml.parsers import expat

from services.search.formats.converted import Refusal, Refused
from services.search.formats.limits import MEBIBYTE, Limits

_MOST_PARTS = 5_000
_XML = (".xml", ".rels")
_ENCRYPTED = 0x1
# Small documents of much the same text pack well, and do no harm.
_SMALL = 4 * MEBIBYTE


def parts_of(data: bytes, limits: Limits) -> dict[str, bytes]:
    """Those in XML, by name. Raises Refusal."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _require_harmless(archive.infolist(), len(data), limits)
            parts = {
                info.filename: archive.read(info)
                for info in archive.infolist()
                if info.filename.lower().endswith(_XML)
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise Refusal(Refused.DAMAGED, f"damaged, not a whole ZIP archive ({error})") from None
    for name, part in parts.items():
        _require_plain_xml(name, part)
    return parts


def packed(parts: Mapping[str, bytes]) -> BytesIO:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    file.seek(0)
    return file


def _require_harmless(infos: list[zipfile.ZipInfo], packed_bytes: int, limits: Limits) -> None:
    """By the archive's own list. One that lies is found out while it is read: no part of it
    brings more than its entry says.
    """
    if len(infos) > _MOST_PARTS:
        raise Refusal(Refused.TOO_LARGE, f"it holds {len(infos)} parts; {_MOST_PARTS} are the most")
    if any(info.flag_bits & _ENCRYPTED for info in infos):
        raise Refusal(
            Refused.ENCRYPTED, "encrypted; save it without a password and import it again"
        )
    unpacked = sum(info.file_size for info in infos)
    if unpacked > limits.unpacked_bytes:
        raise Refusal(
            Refused.TOO_LARGE,
            f"it unpacks to {unpacked // MEBIBYTE} MiB;"
            f" {limits.unpacked_bytes // MEBIBYTE} MiB are the most",
        )
    if unpacked > _SMALL and unpacked > limits.unpacked_ratio * packed_bytes:
        times = unpacked // max(packed_bytes, 1)
        raise Refusal(
            Refused.TOO_LARGE,
            f"it unpacks to {times} times its size; {limits.unpacked_ratio} times are the most",
        )


def _require_plain_xml(name: str, part: bytes) -> None:
    """Documents need no types and entities of their own; those fetch files or grow without end."""

    def refuse(*_: object) -> None:
        raise Refusal(Refused.UNSAFE, f"its part {name} declares a document type, as attacks do")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(part, True)
    except expat.ExpatError as error:
        raise Refusal(Refused.DAMAGED, f"damaged, its part {name} is no XML ({error})") from None
