"""What tests read from the SVG of a plan."""

from __future__ import annotations

from xml.etree import ElementTree as ET

SVG = "{http://www.w3.org/2000/svg}"


def read_words(svg: str) -> str:
    """Give the text that a person sees, its line breaks undone."""
    return " ".join(" ".join(element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")).split())


def find_cells(root: ET.Element) -> list[ET.Element]:
    """Give the rectangle of each core, in the machine's order."""
    cells = [element for element in root.iter() if (element.findtext(f"{SVG}title") or "").startswith("core ")]
    return [element if element.tag == f"{SVG}rect" else element.find(f"{SVG}rect") for element in cells]


def read_titles(svg: str) -> list[str]:
    """Give what a pointer shows of each core."""
    found = (element.findtext(f"{SVG}title") or "" for element in ET.fromstring(svg).iter())
    return [title for title in found if title.startswith("core ")]


def find_place(rect: ET.Element) -> tuple[float, float, float, float]:
    """Give x, y, width and height."""
    return tuple(float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
