"""A plan on its machine, as SVG and as text."""
