"""Bytes to text: by a byte order mark, by what the page says, by what the bytes look like."""

import codecs
import re

from charset_normalizer import from_bytes

from services.search.formats.converted import Refusal, Refused, Remark, WarningKind

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})"
    rb"|<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})",
    re.IGNORECASE,
)
_DECLARED_WITHIN = 4096
# What people write who mean Windows' superset of it; browsers read it so.
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}
# Those that files are met in; among all that ever were, short texts are mistaken for rare ones.
_COMMON = (
    "utf_8 cp1252 cp1250 cp1251 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 koi8_r iso8859_2"
    " shift_jis euc_jp iso2022_jp gb18030 big5 euc_kr cp949 tis_620"
)
_USUAL = "cp1252"
_LOOKED_AT = 256 * 1024
_NOT_ASCII = re.compile(rb"[\x80-\xff]+")
_MIXED_SHARE = 0.1


def declared_in(data: bytes) -> str:
    match = _DECLARED.search(data[:_DECLARED_WITHIN])
    return (match[1] or match[2]).decode("ascii") if match else ""


def decoded(data: bytes, declared: str = "") -> tuple[str, list[Remark]]:
    """Raises Refusal when it is in no single encoding."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(
                data[len(mark) :], encoding, f"its byte order mark says {encoding}"
            ), []
    encoding = _known(declared)
    if encoding == "utf-8" or not encoding:
        try:
            return data.decode("utf-8"), []
        except UnicodeDecodeError as error:
            if encoding:
                _require_unmixed(data)
                where = f"byte {error.start} is none"
                raise Refusal(
                    Refused.ENCODING_UNCLEAR, f"it says that it is {declared}, but {where}"
                ) from None
        return _detected(data)
    return _strictly(data, encoding, f"it says that it is {declared}"), []


def _known(declared: str) -> str:
    try:
        name = codecs.lookup(declared).name if declared else ""
    except LookupError:
        return ""
    # No page that could be read so far can be in one of these: its first bytes were ASCII.
    return "utf-8" if name.startswith(("utf-16", "utf-32")) else _MEANT.get(name, name)


def _strictly(data: bytes, encoding: str, says: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        detail = f"{says}, but byte {error.start} is none"
    except (LookupError, ValueError):
        detail = f"{says}, which is no encoding of text"
    raise Refusal(Refused.ENCODING_UNCLEAR, detail)


def _detected(data: bytes) -> tuple[str, list[Remark]]:
    best = from_bytes(data[:_LOOKED_AT], cp_isolation=_COMMON.split()).best()
    if best is None:
        raise Refusal(Refused.ENCODING_UNCLEAR, "in no encoding that could be recognised")
    if not best.multi_byte_usage or best.encoding in ("utf_8", "ascii"):
        _require_unmixed(data)
    encoding = _MEANT.get(codecs.lookup(best.encoding).name, best.encoding)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        detail = f"{encoding} until byte {error.start}, and another encoding behind it"
        raise Refusal(Refused.ENCODING_UNCLEAR, detail) from None
    if encoding != _USUAL and _is_the_same(data, _USUAL, text):
        encoding = _USUAL
    guess = f"read as {encoding}; nothing says which encoding it is in"
    return text, [Remark(WarningKind.ENCODING_GUESSED, 1, guess)]


def _is_the_same(data: bytes, encoding: str, text: str) -> bool:
    """Several encodings read most texts alike; then people know the usual one by its name."""
    try:
        return data.decode(encoding) == text
    except UnicodeDecodeError:
        return False


def _require_unmixed(data: bytes) -> None:
    """In another encoding hardly any run of bytes is by chance a character of UTF-8."""
    valid = invalid = first = 0
    for match in _NOT_ASCII.finditer(data):
        try:
            match[0].decode("utf-8")
            valid += 1
        except UnicodeDecodeError:
            invalid += 1
            first = first or match.start()
    if invalid and valid > _MIXED_SHARE * (valid + invalid):
        detail = f"it mixes encodings: most is UTF-8, byte {first} is not"
        if valid < invalid:
            detail = f"it mixes encodings: some is UTF-8, byte {first} is not"
        raise Refusal(Refused.ENCODING_UNCLEAR, detail)
