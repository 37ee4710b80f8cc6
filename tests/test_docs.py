"""What exists is documented."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import typer.main
from fastapi.routing import APIRoute, APIWebSocketRoute

from assistant.cli import app
from assistant.config import Settings
from assistant.events import KINDS
from assistant.server import api, feeds, media
from assistant.server.app import PAGES
from assistant.ticket.fields import LABELS
from benchmarks.__main__ import app as benchmarks

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


def commands() -> list[tuple[str, click.Command]]:
    """Every command with its full name."""

    def walk(name: str, command: object) -> list[tuple[str, click.Command]]:
        children = getattr(command, "commands", {})
        if not children:
            return [(name, command)]  # type: ignore[list-item]
        return [found for child, inner in children.items() for found in walk(f"{name} {child}", inner)]

    return walk("seat", typer.main.get_command(app))


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_and_option_is_named(name: str, command: click.Command) -> None:
    assert f"`{name}`" in README
    [row] = [line for line in REFERENCE.splitlines() if line.startswith((f"| `{name}`", f"| `{name} "))]
    options = [
        option for each in command.params for option in each.opts if option.startswith("--") and option != "--help"
    ]
    for option in options:
        assert re.search(rf"`{option}[` ]", row), option
    named = re.findall(r"`(--[\w-]+)", row)
    assert set(named) <= set(options), "the reference names an option that does not exist"


@pytest.mark.parametrize(("name", "command"), list(typer.main.get_command(benchmarks).commands.items()))  # type: ignore[attr-defined]
def test_every_benchmark_and_its_options_are_named(name: str, command: click.Command) -> None:
    told = REFERENCE[REFERENCE.index("## Benchmarks") :]
    [row] = [line for line in told.splitlines() if line.startswith(f"| `{name}`")]
    options = {option for each in command.params for option in each.opts if option != "--help"}
    assert set(re.findall(r"`(--[\w-]+)", row)) == options


def test_every_event_type_is_named() -> None:
    rows = set(re.findall(r"^\| `([a-z]+\.[a-z]+)`", REFERENCE, re.MULTILINE))
    assert rows == set(KINDS)


def test_every_event_field_is_named() -> None:
    for name, kind in KINDS.items():
        [row] = [line for line in REFERENCE.splitlines() if line.startswith(f"| `{name}`")]
        for field in kind.model_fields:
            assert re.search(rf"\b{field}\b", row), (name, field)


def test_every_route_is_named() -> None:
    routes = [route for router in (api.router, feeds.router, media.router) for route in router.routes]
    paths = [route.path for route in routes if isinstance(route, APIRoute | APIWebSocketRoute)]
    assert len(paths) > 10
    for path in [*paths, *PAGES]:
        assert f"`{path}" in REFERENCE, path


def test_every_setting_is_named_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        [row] = [line for line in REFERENCE.splitlines() if line.startswith(f"| `{name}` ")]
        if isinstance(field.default, str | int | float) and field.default:
            assert f"| {field.default} |" in row


def test_every_ticket_field_is_named() -> None:
    told = REFERENCE[REFERENCE.index("Fields: ") :].split("`")[1]
    assert told.split() == list(LABELS)


def test_the_readme_shows_the_two_commands_and_what_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`?make ([a-z-]+)", README):
        assert f"\n{target}:" in makefile, target
    for name in ("load", "accuracy", "trust", "endurance"):
        assert (ROOT / "benchmarks" / "results" / f"{name}.json").is_file()
    for path in re.findall(r"\]\(([^):]+)\)", README):
        assert (ROOT / path).is_file(), path
