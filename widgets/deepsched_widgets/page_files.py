"""A widget's JavaScript and CSS, each joined from its files into the one text that anywidget sends to the page.

The page loads a module's text from a Blob URL, from where it cannot import a neighbour. The files stay modules of their
own, which tests and editors import as they are; here what they import is put before them. Each widget on a page brings
its text, so what people alone need, such as comments, stays behind.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import minify_html

_STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[\w./]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async function|function|const|class)", re.MULTILINE)
# The minifier would keep them: comments that have their lines for themselves, and indentation inside of templates.
_COMMENT = re.compile(r"^[^\S\n]*(?:/\*(?:(?!\*/).)*\*/[^\S\n]*|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
_INDENTATION = re.compile(r"^\s+|[^\S\n]+$", re.MULTILINE)
_OPEN, _CLOSE = '<script type="module">', "</script>"


@cache
def join_script(widget: str) -> str:
    """Give the script of the widget whose files lie in the folder `widget`, from its ``widget.js`` on.

    All files share one scope, so no two of them may give one name to different things.
    """
    texts: dict[Path, str] = {}
    _collect(_STATIC / widget / "widget.js", texts)
    whole = _INDENTATION.sub("", _COMMENT.sub("", "".join(texts.values())))
    page: str = minify_html.minify(f"{_OPEN}{whole}{_CLOSE}", minify_js=True)
    return page[page.index(">") + 1 :].removesuffix(_CLOSE)


@cache
def join_styles(widget: str) -> str:
    """Give the style sheets of the widget, after that of all widgets."""
    files = [_STATIC / "shared" / "theme.css", *sorted((_STATIC / widget).glob("*.css"))]
    return "".join(file.read_text(encoding="utf-8") for file in files)


def _collect(file: Path, texts: dict[Path, str]) -> None:
    """Add a file's text after the texts of what it imports, each once."""
    text = file.read_text(encoding="utf-8")
    for match in _IMPORT.finditer(text):
        imported = (file.parent / match[1]).resolve()
        if imported not in texts:
            _collect(imported, texts)
    texts[file.resolve()] = _EXPORT.sub("", _IMPORT.sub("", text))
