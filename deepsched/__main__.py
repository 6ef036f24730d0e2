"""``python -m deepsched`` is ``deepsched``."""

from __future__ import annotations

from deepsched.cli import main

main()
