"""L3 caches as strips below their cores: as long as they are large, in the colours of the streams that use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepsched.render.palette import style_stream
from deepsched.render.plans.ink import EDGE, IDLE, INFO, QUIET, measure_words
from deepsched.render.plans.words import name_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from deepsched.planning import StreamPlan
    from deepsched.render.plans.ink import Ink
    from deepsched.render.plans.layout import Box, Sizes

_LEAST = 6.0  # px: no cache is drawn shorter
_LEAST_MARK = 7.0


def find_users(plan: StreamPlan | None) -> dict[int, list[int]]:
    """Give the streams that use each L3, in order."""
    users: dict[int, list[int]] = {}
    for stream in plan.streams if plan else ():
        for l3 in stream.l3_caches:
            users.setdefault(l3, []).append(stream.index)
    return users


def draw_caches(
    boxes: Sequence[Box], sizes: Sizes, l3_bytes: Mapping[int, int], users: Mapping[int, Sequence[int]], ink: Ink
) -> Iterator[str]:
    """Draw each L3 of `boxes` at the foot of its box, with its name and size as far as these fit.

    All caches of the picture have one scale: the largest that fits all boxes. One of unknown size fills its box.
    """
    rooms = {box.number: box.width - 2 * sizes.side for box in boxes}
    scale = min((room / l3_bytes[l3] for l3, room in rooms.items() if l3_bytes.get(l3)), default=0.0)
    for box in boxes:
        size = l3_bytes.get(box.number)
        width = max(_LEAST, size * scale) if size else rooms[box.number]
        x, y = box.x + sizes.side, box.bottom - sizes.side - sizes.label - sizes.strip
        own = users.get(box.number, ())
        yield f"<g stroke='{EDGE}'>"
        yield from _draw_strip(x, y, width, sizes.strip, own, ink)
        yield "</g>"
        label = _fit_label(box.number, size, own, rooms[box.number], sizes.label - 5)
        look = f"font-size='{sizes.label - 5:g}' fill='{INFO if len(own) > 1 else QUIET}'"
        yield f"<text x='{x:g}' y='{box.bottom - sizes.side - 1:g}' {look}>{label}</text>"


def _draw_strip(x: float, y: float, width: float, height: float, users: Sequence[int], ink: Ink) -> Iterator[str]:
    if not users:
        yield f"<rect x='{x:g}' y='{y:g}' width='{width:g}' height='{height:g}' fill='{IDLE}'/>"
        return
    part = width / len(users)
    # All marks or none: one that is left out would say that its stream is.
    widest = max(measure_words(style_stream(stream).label, 1.0, bold=True) for stream in users)
    size = round(min(height * 0.68, (part - 2) / widest) * 2) / 2
    for i, stream in enumerate(users):
        left = x + i * part
        yield f"<rect x='{left:g}' y='{y:g}' width='{part:g}' height='{height:g}' fill='{ink.fill(stream)}'/>"
        if size >= _LEAST_MARK:
            ink.mark(left + part / 2, y + height / 2 + size * 0.36, stream, size)


def _fit_label(l3: int, size: int | None, users: Sequence[int], room: float, font: float) -> str:
    """Say as much of an L3 as fits: at best its size and which streams share it."""
    name = f"L3 {l3}"
    sized = [f"{name} · {name_size(size)}"] if size else []
    sharing: list[str] = []
    if len(users) > 1:
        listed = [style_stream(stream).label for stream in users]
        sharing = [f" · shared by {', '.join(listed[:-1])} and {listed[-1]}", f" · {len(users)} streams"]
    candidates = [words + more for words in (*sized, name) for more in (*sharing, "")]
    return next((words for words in (*candidates, str(l3)) if measure_words(words, font) <= room), "")
