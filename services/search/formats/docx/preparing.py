"""Makes explicit what Word only shows: numbers become text, hidden text goes."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement

from services.search.formats.docx.numbering import Mark, Numbering, number_of
from services.search.formats.docx.styles import Styles
from services.search.formats.docx.words import is_on, name, value

# Of the area for private use, and taken out of the text before.
MARK_START, MARK_MIDDLE, MARK_END = "\ue000", "\ue001", "\ue002"
_MARKS = str.maketrans("", "", MARK_START + MARK_MIDDLE + MARK_END)
_WHITE = {"ffffff", "fefefe", "fdfdfd"}
_TINY_HALF_POINTS = 4


def prepare(root: Element, numbering: Numbering, styles: Styles) -> int:
    """Changes the tree; returns how many pieces of text were hidden."""
    for text in root.iter(name("t")):
        text.text = (text.text or "").translate(_MARKS)
    hidden = _without_hidden(root, styles)
    for paragraph in root.iter(name("p")):
        _number(paragraph, numbering, styles)
    return hidden


def _number(paragraph: Element, numbering: Numbering, styles: Styles) -> None:
    properties = paragraph.find(name("pPr"))
    own = number_of(properties)
    of_style = styles.number(value(properties, "pStyle")) if properties is not None else None
    number = own or of_style
    mark = numbering.next(*number) if number is not None else None
    if properties is None or number is None or not _has_text(paragraph):
        return
    if own is None:
        stated = SubElement(properties, name("numPr"))
        SubElement(stated, name("ilvl")).set(name("val"), str(number[1]))
        SubElement(stated, name("numId")).set(name("val"), number[0])
    if mark is not None:
        paragraph.insert(list(paragraph).index(properties) + 1, _run(mark))


def _run(mark: Mark) -> Element:
    run = Element(name("r"))
    text = SubElement(run, name("t"))
    text.text = f"{MARK_START}{mark.number}{MARK_MIDDLE}{mark.label}{MARK_END}"
    return run


def _without_hidden(root: Element, styles: Styles) -> int:
    background = root.find(name("background"))
    is_white = background is None or background.get(name("color"), "auto").lower() in (
        "auto",
        *_WHITE,
    )
    hidden = [
        (above, run)
        for above, run, is_shaded in _runs(root, is_shaded=not is_white)
        if _is_hidden(run, styles, is_shaded=is_shaded)
    ]
    for above, run in hidden:
        above.remove(run)
    return sum(_has_text(run) for _, run in hidden)


def _runs(root: Element, *, is_shaded: bool) -> Iterator[tuple[Element, Element, bool]]:
    """Each run with what holds it, and whether it may stand on another ground than white."""
    waiting = [(root, is_shaded)]
    while waiting:
        above, shaded = waiting.pop()
        for element in above:
            # The style of a table may colour its cells; who wrote white there was not hiding.
            is_on_ground = shaded or element.tag == name("tbl") or _is_shaded(element)
            if element.tag == name("r"):
                yield above, element, is_on_ground
            waiting.append((element, is_on_ground))


def _is_shaded(element: Element) -> bool:
    for properties in ("pPr", "rPr"):
        shade = element.find(f"{name(properties)}/{name('shd')}")
        if shade is not None and shade.get(name("fill"), "auto").lower() not in ("auto", *_WHITE):
            return True
    return bool(value(element.find(name("rPr")), "highlight"))


def _is_hidden(run: Element, styles: Styles, *, is_shaded: bool) -> bool:
    properties = run.find(name("rPr"))
    if properties is None:
        return False
    if is_on(properties, "vanish") or styles.hides(value(properties, "rStyle")):
        return True
    if value(properties, "color").lower() in _WHITE and not is_shaded:
        return True
    size = value(properties, "sz")
    return size.isdigit() and int(size) < _TINY_HALF_POINTS


def _has_text(element: Element) -> bool:
    return any((text.text or "").strip() for text in element.iter(name("t")))
