"""Special callers, and what is known of a caller when the call comes in."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from assistant.callers import SpecialCallers, import_callers
from assistant.cli import app
from assistant.errors import SeatError
from assistant.orders.book import MANY, SYSTEM, OrderBook
from assistant.orders.selection import Query
from assistant.store import Store
from benchmarks.serving import ServerProcess
from kb.pack import DEFAULT_PACK
from tests.conftest import Submit
from tests.test_orders import BOSS, book, pack, submit  # noqa: F401 - fixtures

LISTED = "15900200370"
"""In the demo pack: 高龄老人."""


def listing(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "list.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_packs_list_is_used_until_one_is_imported(tmp_path: Path) -> None:
    assert SpecialCallers.load(tmp_path, DEFAULT_PACK).kind(LISTED) == "高龄老人"
    import_callers(listing(tmp_path, "phone,kind\n020-8888 6666,残疾人\n"), tmp_path)
    imported = SpecialCallers.load(tmp_path, DEFAULT_PACK)
    assert (imported.kind(LISTED), imported.kind("02088886666"), len(imported)) == (None, "残疾人", 1)


@pytest.mark.parametrize("phone", ["13800138001", "+86 138 0013 8001", "008613800138001", "138-0013-8001"])
def test_a_number_is_known_however_it_is_written(tmp_path: Path, phone: str) -> None:
    import_callers(listing(tmp_path, "name,kind,phone\n某人,军属,13800138001\n"), tmp_path)
    assert SpecialCallers.load(tmp_path, tmp_path).kind(phone) == "军属"


def test_of_many_numbers_each_has_its_kind_and_none_is_kept(tmp_path: Path) -> None:
    kinds = ["高龄老人", "残疾人", "军属"]
    numbers = [f"139{n:08d}" for n in range(0, 90_000, 3)]
    lines = "".join(f"{number},{kinds[n % 3]}\n" for n, number in enumerate(numbers))
    import_callers(listing(tmp_path, f"phone,kind\n{lines}{numbers[0]},军属\n"), tmp_path)
    callers = SpecialCallers.load(tmp_path, tmp_path)
    assert [callers.kind(number) for number in numbers[1:]] == [kinds[n % 3] for n in range(1, len(numbers))]
    assert callers.kind(numbers[0]) == "军属"  # the last line counts
    assert not any(callers.kind(f"139{n:08d}") for n in range(1, 30_000, 3))
    kept = b"".join(file.read_bytes() for file in (tmp_path / "callers").iterdir())
    assert numbers[5].encode() not in kept
    assert (tmp_path / "callers" / "key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("number,kind\n1,x\n", "row 1"),
        ("phone,kind\n13800138001,军属\n一二三,军属\n", "row 3 has no telephone number"),
        ("phone,kind\n13800138001,\n", "row 2 has no kind"),
        ("phone,kind\n13800138001\n", "row 2"),
        ("", "row 1"),
    ],
)
def test_a_wrong_list_is_refused_and_the_old_one_stays(tmp_path: Path, text: str, words: str) -> None:
    import_callers(listing(tmp_path, "phone,kind\n13800138001,军属\n"), tmp_path)
    with pytest.raises(SeatError, match=words):
        import_callers(listing(tmp_path, text), tmp_path)
    assert SpecialCallers.load(tmp_path, tmp_path).kind("13800138001") == "军属"


def test_a_list_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"phone,kind\n\xff\xfe\x00,x\n")
    with pytest.raises(SeatError, match="UTF-8"):
        import_callers(file, tmp_path)


def test_lists_are_imported_and_asked_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEAT_DATA_DIR", str(tmp_path))
    run = CliRunner().invoke
    assert (
        "1 个号码" in run(app, ["callers", "import", str(listing(tmp_path, "phone,kind\n13800138001,军属\n"))]).output
    )
    assert "军属" in run(app, ["callers", "check", "13800138001"]).output
    assert "不在名单中" in run(app, ["callers", "check", "13800138002"]).output


def test_many_orders_about_the_same_are_supervised(book: OrderBook, store: Store) -> None:  # noqa: F811
    for n in range(MANY - 1):
        submit(book, store, f"c{n}")
    submit(book, store, "other", subject="别家健身")
    assert book.alike("动力源健身", "", "market.prepaid")[0] == MANY - 1
    assert book.search(Query(supervised=True), BOSS)[0] == 0
    number = submit(book, store, "last")
    order = book.find(number, BOSS)
    assert order.supervised
    assert (order.steps[-1].move, order.steps[-1].by) == ("supervise", SYSTEM)
    assert f"第 {MANY} 件" in order.steps[-1].note


def test_what_is_known_of_a_number_comes_with_its_calls_and_orders(server: ServerProcess, submitted: Submit) -> None:
    phone = "13900139002"
    about = {"category": "market.prepaid", "subject": "某某健身房", "content": "不退钱"}
    first = submitted("known-1", caller_phone=phone, **about)[0]["data"]["order"]
    second = submitted("known-2", caller_phone=phone)[0]["data"]["order"]
    told = httpx.get(f"{server.url}/api/callers/{phone}", params={"call": "known-2"}).json()
    assert told["orders"]["count"] == 2
    assert [order["number"] for order in told["orders"]["newest"]] == [second, first]
    assert (told["calls"]["count"], [call["id"] for call in told["calls"]["newest"]]) == (1, ["known-1"])
    assert told["special"] is None
    assert httpx.get(f"{server.url}/api/callers/{LISTED}").json()["special"] == "高龄老人"
    alike = httpx.get(
        f"{server.url}/api/orders/alike", params={"subject": "某某健身房", "category": "market.prepaid"}
    ).json()
    assert (alike["count"], alike["orders"][0]["number"]) == (1, first)
