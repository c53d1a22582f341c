"""Names of WordprocessingML, and small questions to its elements."""

from xml.etree.ElementTree import Element

# The strict variant differs in its names only.
STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
TRANSITIONAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SPACE = "{" + TRANSITIONAL.decode() + "}"


def name(local: str) -> str:
    return _SPACE + local


def path(*locals_: str) -> str:
    return "/".join(map(name, locals_))


def value(element: Element | None, *locals_: str) -> str:
    """The `val` of what lies at the path; empty when nothing does."""
    found = element.find(path(*locals_)) if element is not None and locals_ else element
    return "" if found is None else found.get(name("val"), "")


def is_on(element: Element | None, *locals_: str) -> bool:
    """A property without a value is on."""
    found = element.find(path(*locals_)) if element is not None else None
    return found is not None and found.get(name("val"), "1") not in ("0", "false", "off", "none")
