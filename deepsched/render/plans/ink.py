"""What the parts of a picture of a plan are drawn with: colours, hatches, and words kept together by their look."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from deepsched.render.palette import HATCHES, style_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.render.plans.layout import Box

TEXT = "#1F2328"
QUIET = "#3C4450"
FRAME = "#6B7480"
EDGE = "#4A525D"
IDLE = "#E3E7EC"
WARNING = "#B3261E"
INFO = "#005A8C"

_LOOKS = 35  # after so many streams colour and hatch repeat together
_LINES = {
    "rising": "M-1,1 l2,-2 M0,6 l6,-6 M5,7 l2,-2",
    "falling": "M-1,5 l2,2 M0,0 l6,6 M5,-1 l2,2",
    "level": "M0,3 h6",
    "dots": "M1.5,1.5 h0.01 M4.5,4.5 h0.01",
}
# The width of a character as a part of the font's size, wide enough for the sans serif of any system.
_CHARACTER = 0.53
_BOLD_CHARACTER = 0.68


def measure_words(words: str, size: float, *, bold: bool = False) -> float:
    """Estimate how wide words are at a font size, in pixels."""
    return len(words) * size * (_BOLD_CHARACTER if bold else _CHARACTER)


def place(box: Box) -> str:
    """Write a box's place as attributes of a rect."""
    return f"x='{box.x:g}' y='{box.y:g}' width='{box.width:g}' height='{box.height:g}'"


class Ink:
    """Fills of streams, and words.

    Parameters
    ----------
    prefix : str
        What the ids of the picture begin with: those of two pictures on one page must differ.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._used: set[int] = set()
        self._words: dict[str, list[str]] = {}

    def fill(self, stream: int) -> str:
        """Give the fill of a stream: its colour, or a pattern of colour and hatch."""
        style = style_stream(stream)
        if style.hatch not in _LINES:
            return style.colour
        self._used.add(stream % _LOOKS)
        return f"url(#{self._prefix}-{stream % _LOOKS})"

    def mark(self, x: float, y: float, stream: int, size: float, words: str | None = None, weight: int = 700) -> None:
        """Write upon a stream's fill, at the middle of a line: its label, or other words."""
        style = style_stream(stream)
        # A halo in the stream's colour keeps the words clear of the hatch.
        halo = f"stroke='{style.colour}' stroke-width='{max(2.5, size / 3.5):.1f}' stroke-linejoin='round'"
        look = f"fill='{style.text}' {halo} paint-order='stroke' font-size='{size:g}' font-weight='{weight}'"
        self.write(x, y, words or style.label, look)

    def write(self, x: float, y: float, words: str, look: str) -> None:
        """Write words at the middle of a line, over all that is drawn; `look` are attributes."""
        place = f"x='{round(x, 1):g}' y='{round(y, 1):g}'"
        self._words.setdefault(look, []).append(f"<text {place}>{escape(words)}</text>")

    def draw_words(self) -> Iterator[str]:
        """Draw and forget all words that were written; those of one look stand together, and say it once."""
        yield "<g text-anchor='middle' pointer-events='none'>"
        for look, words in self._words.items():
            yield f"<g {look}>{''.join(words)}</g>"
        yield "</g>"
        self._words.clear()

    def draw_patterns(self) -> Iterator[str]:
        """Define the patterns that were used."""
        yield "<defs fill='none' stroke='#000' stroke-opacity='0.5' stroke-width='1.1' stroke-linecap='round'>"
        for look in sorted(self._used):
            style = style_stream(look)
            width = " stroke-width='1.8'" if style.hatch == HATCHES[-1] else ""
            yield (
                f"<pattern id='{self._prefix}-{look}' width='6' height='6' patternUnits='userSpaceOnUse'>"
                f"<rect width='6' height='6' fill='{style.colour}' stroke='none'/>"
                f"<path d='{_LINES[style.hatch]}'{width}/></pattern>"
            )
        yield "</defs>"
