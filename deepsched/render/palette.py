"""How streams are told apart: a colour, a hatch and a label each, so that colour is never the only sign.

The colours are those of M. Okabe and K. Ito, "Color Universal Design" (2008), less black, which is for text.
"""

from __future__ import annotations

from dataclasses import dataclass

_COLOURS = ("#56B4E9", "#E69F00", "#009E73", "#F0E442", "#CC79A7", "#0072B2", "#D55E00")
_DARK_COLOURS = frozenset({"#0072B2"})
HATCHES = ("plain", "rising", "falling", "level", "dots")


@dataclass(frozen=True, slots=True)
class StreamStyle:
    """The look of one stream: fill colour, hatch, the colour of text upon it, and its label."""

    colour: str
    hatch: str
    text: str
    label: str


def style_stream(index: int) -> StreamStyle:
    """Give stream `index` its look. Seven colours and five hatches repeat together only after 35 streams."""
    colour = _COLOURS[index % len(_COLOURS)]
    text = "#ffffff" if colour in _DARK_COLOURS else "#000000"
    return StreamStyle(colour, HATCHES[index % len(HATCHES)], text, f"S{index}")
