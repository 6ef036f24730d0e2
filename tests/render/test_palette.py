"""Streams are told apart by colour, by hatch and by label."""

from __future__ import annotations

import re
from itertools import pairwise

from deepsched.render.palette import HATCHES, style_stream


def luminance(colour: str) -> float:
    """Give the relative luminance of WCAG 2: 0 for black, 1 for white."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_neighbouring_streams_differ_in_colour_and_in_hatch() -> None:
    for one, other in pairwise(style_stream(index) for index in range(1024)):
        assert one.colour != other.colour
        assert one.hatch != other.hatch


def test_no_two_of_35_streams_look_the_same() -> None:
    looks = {(style.colour, style.hatch) for style in map(style_stream, range(35))}
    assert len(looks) == 35
    first, again = style_stream(0), style_stream(35)
    assert (first.colour, first.hatch) == (again.colour, again.hatch)


def test_every_stream_is_labelled_with_its_number() -> None:
    assert [style_stream(index).label for index in (0, 7, 511)] == ["S0", "S7", "S511"]


def test_styles_are_what_the_drawings_understand() -> None:
    for style in map(style_stream, range(35)):
        assert re.fullmatch(r"#[0-9A-F]{6}", style.colour)
        assert style.hatch in HATCHES


def test_labels_can_be_read_on_their_colour() -> None:
    # 3 is what WCAG asks of large or bold text and of parts of a picture.
    worst = min((contrast(style.colour, style.text), style.colour) for style in map(style_stream, range(7)))
    assert worst[0] >= 3, worst
