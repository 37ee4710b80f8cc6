"""`seat users`: who may use the server."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from assistant.errors import SeatError

app = typer.Typer(help="People and programs that may use the server. The first password turns the sign-in on.")

Name = Annotated[str, typer.Argument(help="What the person signs in with.")]
FromInput = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="agent, qa, supervisor, admin, department or integration.")] = "agent",
    desk: Annotated[str, typer.Option(help="An agent's seat number.")] = "",
    department: Annotated[str, typer.Option(help="A department's code.")] = "",
    display: Annotated[str, typer.Option(help="The name that others see.")] = "",
    password_stdin: FromInput = False,
) -> None:
    """Add somebody; of a program (integration) the token is printed, once."""
    from assistant.cli import view  # noqa: PLC0415

    people = _people()
    password = "" if role == "integration" else _password(password_stdin)
    person = people.add(name, role, password, display=display, desk=desk, department=department)
    console = view.stdout()
    if role == "integration":
        console.print(f"已添加 {person.display}。令牌只显示这一次：")
        print(people.token(name))
    else:
        console.print(f"已添加 {person.display}（{person.name}）。")


@app.command()
def token(name: Name) -> None:
    """A new token for a program or an agent's machine, in place of the one before; printed once."""
    print(_people().token(name))


@app.command("list")
def list_() -> None:
    """Everybody."""
    from rich.table import Table  # noqa: PLC0415

    from assistant.cli import view  # noqa: PLC0415
    from assistant.orders.life import ROLES  # noqa: PLC0415

    table = Table()
    for heading in ("用户名", "姓名", "角色", "座席", "承办单位", "状态"):
        table.add_column(heading)
    for one in _people().everybody():
        state = "已停用" if one.disabled else "可用"
        table.add_row(one.name, one.display, ROLES[one.role], one.desk, one.department, state)
    view.stdout().print(table)


@app.command()
def password(name: Name, password_stdin: FromInput = False) -> None:
    """A new password; whoever is signed in with the old one has to sign in again."""
    people = _people()
    people.find(name)
    people.set_password(name, _password(password_stdin))


@app.command()
def disable(name: Name, undo: Annotated[bool, typer.Option("--undo", help="Let the person in again.")] = False) -> None:
    """Lock somebody out, at once."""
    _people().disable(name, not undo)


def _people():  # type: ignore[no-untyped-def]
    from assistant import config  # noqa: PLC0415
    from assistant.people import People  # noqa: PLC0415
    from assistant.store import Store  # noqa: PLC0415
    from kb.pack import CityPack  # noqa: PLC0415

    settings = config.load()
    return People(Store(settings.store_url()), [each.code for each in CityPack.load(settings.pack).departments])


def _password(from_input: bool) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise SeatError("There is no terminal to ask for a password; pipe it in and give --password-stdin.")
    told: str = typer.prompt("密码", hide_input=True, confirmation_prompt="再输入一次")
    return told
