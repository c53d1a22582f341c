"""A piece of Markdown as an answer shows it: without links, emphasis and markers."""

import re

_CODE_OR_ADDRESS = re.compile(r"`+[^`]+`+|https?://[^\s<>()\[\]\"'`*]+")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)?[^\s<>]+[@:][^\s<>]+)>")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_IMAGE = re.compile(r"!\[[^\[\]]*\]\((?:[^()]|\([^()]*\))*\)")
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])")
_FOOTNOTE = re.compile(r"\[\^[^\[\]]+\]")
_LIQUID_TAG = re.compile(r"\{%(.*?)%\}", re.DOTALL)
_LIQUID_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_ATTRIBUTES = re.compile(r"\{:.*?\}")
_QUOTED = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_STRONG = re.compile(r"(?<!\\)(\*\*|__)(?=\S)(.+?)(?<=[^\s\\])\1", re.DOTALL)
_EMPHASIS = re.compile(r"(?<![\w\\*_])([*_])(?=[^\s*_])(.+?)(?<=[^\s\\*_])\1(?![\w*_])", re.DOTALL)
_LEFT_OVER = re.compile(r"(?<!\\)\*\*|(?<![\w\\])__|__(?!\w)")
_BLOCK_QUOTE = re.compile(r"(?m)^[ \t]*>[ \t]?")
_LOOKS_LIKE_CITATION = re.compile(r"\[(\d+)\]")
_KEPT = re.compile("\ue000(\\d+)\ue001")


def visible(markdown: str) -> str:
    """Returns the text on one line. Code and addresses stay to the letter."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\ue000{len(kept) - 1}\ue001"

    text = markdown.replace("\ue000", "").replace("\ue001", "")
    text = _COMMENT.sub("", _BLOCK_QUOTE.sub("", text))
    text = _AUTOLINK.sub(r"\1", text)
    text = _LINK.sub(r"\1", _IMAGE.sub("", text))
    text = _CODE_OR_ADDRESS.sub(keep, text)
    text = _LIQUID_TAG.sub(_spoken_liquid, text)
    text = _ATTRIBUTES.sub("", _LIQUID_VALUE.sub("", text))
    text = _TAG.sub("", _FOOTNOTE.sub("", text))
    text = _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", text))
    text = _LEFT_OVER.sub("", text)
    # A bracketed number of the document must not pass for one of ours.
    text = _LOOKS_LIKE_CITATION.sub(r"\\[\1\\]", text)
    text = _KEPT.sub(lambda match: kept[int(match.group(1))], text)
    return " ".join(text.split())


def is_link_only(markdown: str) -> bool:
    """Whether nothing but links, images, tags and addresses is there to read."""
    text = _IMAGE.sub("", _COMMENT.sub("", markdown))
    text = _LIQUID_VALUE.sub("", _LIQUID_TAG.sub("", _LINK.sub("", text)))
    text = _TAG.sub("", _AUTOLINK.sub("", text))
    text = re.sub(r"https?://\S+|[\w.+-]+@[\w.-]+", "", text)
    return not any(sign.isalnum() for sign in text)


def protected_spans(markdown: str) -> list[tuple[int, int]]:
    """Where a full stop ends no sentence: in code, addresses, link targets and tags."""
    patterns = (_CODE_OR_ADDRESS, _LINK, _LIQUID_TAG, _LIQUID_VALUE, _AUTOLINK, _COMMENT)
    return [match.span() for pattern in patterns for match in pattern.finditer(markdown)]


def _spoken_liquid(match: re.Match[str]) -> str:
    quoted = _QUOTED.findall(match.group(1))
    return next((double or single for double, single in reversed(quoted)), "")
