"""What styles say about the paragraphs and runs that use them, those they are based on included."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from services.search.formats.docx.numbering import number_of
from services.search.formats.docx.words import is_on, name, value

_LONGEST_CHAIN = 20


@dataclass(frozen=True)
class Styles:
    by_id: dict[str, Element]

    def hides(self, style_id: str) -> bool:
        return any(is_on(style, "rPr", "vanish") for style in self._chain(style_id))

    def number(self, style_id: str) -> tuple[str, int] | None:
        numbers = (number_of(style.find(name("pPr"))) for style in self._chain(style_id))
        return next((number for number in numbers if number is not None), None)

    def _chain(self, style_id: str) -> Iterator[Element]:
        for _ in range(_LONGEST_CHAIN):
            style = self.by_id.get(style_id)
            if style is None:
                return
            yield style
            style_id = value(style, "basedOn")


def read_styles(root: Element | None) -> Styles:
    if root is None:
        return Styles({})
    return Styles({style.get(name("styleId"), ""): style for style in root.iter(name("style"))})
