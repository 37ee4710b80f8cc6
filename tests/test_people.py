"""Who may use the server: passwords, sessions, links and tokens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from assistant import people as module
from assistant.cli import app
from assistant.people import People, PeopleError
from assistant.store import Store

PASSWORD = "四个汉字也算密码吗不够长"


@pytest.fixture
def people(store: Store) -> People:
    return People(store, ["scjg"])


def test_the_first_password_turns_the_sign_in_on(people: People) -> None:
    people.guest("demo", "演示座席", "agent", "1")
    people.add("crm", "integration")
    assert not people.guarded
    people.add("heli", "agent", PASSWORD, desk="1")
    assert people.guarded
    people.disable("heli")
    assert people.guarded  # the last one who is locked out leaves no open door


def test_who_signs_in_is_known_by_the_session_until_it_ends(people: People) -> None:
    added = people.add("heli", "agent", PASSWORD, display="何丽", desk="1")
    person, key = people.sign_in("heli", PASSWORD, "10.0.0.5")
    assert person == added == people.who(key, "session")
    assert people.who(key, "token") is None
    assert people.who(key + "x", "session") is None
    people.sign_out(key)
    assert people.who(key, "session") is None


@pytest.mark.parametrize(("name", "lasts"), [("SESSION", -1), ("IDLE", -1)])
def test_sessions_end_by_themselves(people: People, monkeypatch: pytest.MonkeyPatch, name: str, lasts: int) -> None:
    people.add("heli", "agent", PASSWORD, desk="1")
    monkeypatch.setattr(module, name, timedelta(seconds=lasts))
    _, key = people.sign_in("heli", PASSWORD, "")
    assert people.who(key, "session") is None


def test_nothing_in_the_store_signs_anybody_in(people: People, store: Store) -> None:
    people.add("heli", "agent", PASSWORD, desk="1")
    _, key = people.sign_in("heli", PASSWORD, "")
    with store.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT password FROM users")).all())
        kept += str(connection.execute(text("SELECT * FROM keys")).all())
    assert "$argon2id$" in kept
    assert key not in kept and PASSWORD not in kept


def test_a_wrong_password_and_a_wrong_name_are_told_apart_by_nobody(people: People) -> None:
    people.add("heli", "agent", PASSWORD, desk="1")
    for name in ("heli", "nobody"):
        with pytest.raises(PeopleError, match="用户名或密码不对"):
            people.sign_in(name, "wrong password", "")


def test_who_guesses_has_to_wait_and_others_do_not(people: People) -> None:
    people.add("heli", "agent", PASSWORD, desk="1")
    people.add("boss", "supervisor", PASSWORD)
    for _ in range(module.TRIES):
        with pytest.raises(PeopleError, match="不对"):
            people.sign_in("heli", "wrong password", "")
    with pytest.raises(PeopleError, match="秒后再试"):
        people.sign_in("heli", PASSWORD, "")
    people.sign_in("boss", PASSWORD, "")


def test_guesses_at_the_same_moment_are_counted_one_by_one(people: People) -> None:
    people.add("heli", "agent", PASSWORD, desk="1")

    def guess(n: int) -> str:
        with pytest.raises(PeopleError) as refused:
            people.sign_in("heli", f"wrong password {n}", "")
        return str(refused.value)

    with ThreadPoolExecutor(12) as pool:
        told = list(pool.map(guess, range(12)))
    assert sum("不对" in each for each in told) == module.TRIES


def test_who_guesses_at_many_names_has_to_wait_too(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRIES_OF_SOURCE", 3)
    people.add("boss", "supervisor", PASSWORD)
    for n in range(3):
        with pytest.raises(PeopleError, match="不对"):
            people.sign_in(f"name{n}", PASSWORD, "10.0.0.9")
    with pytest.raises(PeopleError, match="秒后再试"):
        people.sign_in("boss", PASSWORD, "10.0.0.9")
    people.sign_in("boss", PASSWORD, "10.0.0.5")


def test_a_new_token_takes_the_place_of_the_old_one_and_a_lock_keeps_it(people: People) -> None:
    people.add("crm", "integration")
    old, new = people.token("crm"), people.token("crm")
    assert people.who(old, "token") is None
    people.disable("crm")
    assert people.who(new, "token") is None
    people.disable("crm", False)
    assert people.who(new, "token") is not None


def test_a_new_password_and_a_lock_end_the_sessions(people: People) -> None:
    people.add("heli", "agent", PASSWORD, desk="1")
    _, old = people.sign_in("heli", PASSWORD, "")
    people.set_password("heli", PASSWORD + "2")
    assert people.who(old, "session") is None
    _, new = people.sign_in("heli", PASSWORD + "2", "")
    people.disable("heli")
    assert people.who(new, "session") is None
    with pytest.raises(PeopleError, match="不对"):
        people.sign_in("heli", PASSWORD + "2", "")
    people.disable("heli", False)
    people.sign_in("heli", PASSWORD + "2", "")


def test_a_link_can_be_used_once(people: People) -> None:
    people.guest("demo", "演示座席", "agent", "1")
    people.guest("demo", "演示座席", "agent", "1")
    link = people.key("demo", "link")
    key = people.redeem(link, "")
    person = people.who(key or "", "session")
    assert person is not None and person.name == "demo"
    assert people.redeem(link, "") is None
    assert people.redeem("nonsense", "") is None
    assert len(people.everybody()) == 1


@pytest.mark.parametrize(
    ("name", "role", "told", "words"),
    [
        ("a b", "agent", {"desk": "1"}, "letters"),
        ("heli", "king", {}, "no role 'king'"),
        ("heli", "agent", {}, "needs a desk"),
        ("heli", "department", {"department": "x"}, "no department 'x'"),
        ("heli", "qa", {"password": "short"}, "8 to 256"),
        ("taken", "qa", {}, "already"),
    ],
)
def test_whoever_cannot_be_added_is_refused_with_the_reason(
    people: People, name: str, role: str, told: dict[str, str], words: str
) -> None:
    people.add("taken", "qa", PASSWORD)
    with pytest.raises(PeopleError, match=words):
        people.add(name, role, **({"password": PASSWORD} | told))  # type: ignore[arg-type]
    assert [person.name for person in people.everybody()] == ["taken"]


def test_people_are_added_and_listed_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAT_DATA_DIR", str(tmp_path))
    run = CliRunner().invoke
    added = run(
        app, ["users", "add", "heli", "--desk", "1", "--display", "何丽", "--password-stdin"], input="abcdefgh\n"
    )
    assert added.exit_code == 0, added.output
    token = run(app, ["users", "add", "crm", "--role", "integration"]).output.splitlines()[-1]
    people = People(Store(f"sqlite:///{tmp_path / 'calls.db'}"))
    program = people.who(token, "token")
    assert program is not None and program.role == "integration"
    assert people.who(run(app, ["users", "token", "heli"]).output.strip(), "token") is not None
    people.sign_in("heli", "abcdefgh", "")
    assert run(app, ["users", "password", "heli", "--password-stdin"], input="hgfedcba\n").exit_code == 0
    people.sign_in("heli", "hgfedcba", "")
    assert run(app, ["users", "disable", "heli"]).exit_code == 0
    listed = run(app, ["users", "list"]).output
    assert "何丽" in listed and "已停用" in listed
    refused = run(app, ["users", "password", "nobody", "--password-stdin"], input="hgfedcba\n")
    assert isinstance(refused.exception, PeopleError)
