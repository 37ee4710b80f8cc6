"""The pieces of an HTML page that needs no other file and no network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

STYLE = Path(__file__).with_name("report.css")


def document(title: str, body: str) -> str:
    """The whole page."""
    style = STYLE.read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def section(name: str, title: str, *parts: str) -> str:
    """A section that links can name."""
    return (
        f'<section id="{name}">\n<h2>{escape(title)}</h2>\n'
        + "\n".join(part for part in parts if part)
        + "\n</section>"
    )


def text(words: str, kind: str = "") -> str:
    """A paragraph."""
    named = f' class="{kind}"' if kind else ""
    return f"<p{named}>{escape(words)}</p>"


def details(title: str, body: str) -> str:
    """What opens when its title is clicked."""
    return f"<details><summary>{escape(title)}</summary>{body}</details>"


def figures(*drawn: str) -> str:
    """Figures side by side where there is room."""
    return f'<div class="figures">{"".join(drawn)}</div>'


def figure(title: str, drawing: str, legend: str = "", caption: str = "", tall: bool = False) -> str:
    """A drawing with its title above and what to know about it below; `tall`: as high as two others."""
    below = f"<p>{escape(caption)}</p>" if caption else ""
    kind = ' class="tall"' if tall else ""
    return f"<figure{kind}><figcaption><h3>{escape(title)}</h3>{legend}</figcaption>{drawing}{below}</figure>"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1, wide: bool = False) -> str:
    """A table whose first `words` columns are text and the others numbers; `wide`: the last one is text, too."""

    def cells(row: Sequence[str], tag: str) -> str:
        kinds = ["" if place < words or (wide and place == len(row) - 1) else ' class="n"' for place in range(len(row))]
        return "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, row, strict=True))

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{cells(headings, "th")}</tr></thead><tbody>{body}</tbody></table></div>'
    )
