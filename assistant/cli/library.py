"""What the `seat kb` commands share: the library that the settings name, its index, and who changes it."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from assistant.library import Library
    from kb.search import ArticleIndex

PackOption = Annotated[Path | None, typer.Option(help="City pack directory.")]
ByOption = Annotated[str, typer.Option(help="Who changes the articles (default: the name you are signed in with).")]


def library(pack: Path | None) -> Library:
    """The library of `pack` (None: the settings'), in the database that the settings name."""
    from assistant import config  # noqa: PLC0415
    from assistant.library import Library  # noqa: PLC0415
    from assistant.store import Store  # noqa: PLC0415

    settings = config.load(pack=pack)
    return Library(Store(settings.store_url()), settings.pack)


def index(pack: Path | None) -> ArticleIndex:
    """Its articles, ready to be searched."""
    from assistant import config  # noqa: PLC0415  (what follows takes a second to load; --help must not)
    from assistant.cli import view  # noqa: PLC0415
    from assistant.library import Library  # noqa: PLC0415
    from kb.search import ArticleIndex  # noqa: PLC0415

    settings = config.load(pack=pack)
    library = Library.at_hand(settings)
    with view.loading(view.stderr()) as report:
        if library:
            return library.index(library.state(), report)
        return ArticleIndex.of_file(settings.pack / "articles.jsonl", config.cache_dir(), report)


def user() -> str:
    """Whoever is signed in on this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "?"
