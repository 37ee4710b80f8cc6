"""The optional summariser: taken where it can be trusted, and never missed. Its endpoint is a real local server."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from assistant import config, document
from assistant.call import Call
from assistant.engine import Engine
from assistant.errors import SeatError, SummaryError
from assistant.events import Draft
from assistant.recognizer import Recognizer
from assistant.seat import Knowledge
from assistant.summariser import WRITTEN, Summariser, checked, invented
from assistant.ticket.filler import TicketFiller
from assistant.transcript import Utterance
from assistant.understanding import Understanding
from audio.media import MediaStart
from benchmarks.serving import ServerProcess
from tests.conftest import Play, SampleCall

STARTED = datetime.fromisoformat("2026-03-18T09:12:00+08:00")
DIALOGUE = (
    ("agent", "您好，12345热线，请问有什么可以帮您？"),
    ("caller", "你好，我要投诉，我在天河区体育西路的健身房办了年卡，现在关门了，还剩八百六十块不退。"),
    ("agent", "先生贵姓？"),
    ("caller", "姓何，我住在六栋八零三，卡是二零二五年办的，希望退钱。"),
)
SAID = "\n".join(text for _, text in DIALOGUE)
TITLE = "关于天河区体育西路健身房关门不退年卡费的投诉"
CONTENT = "市民何先生反映，其2025年在天河区体育西路一家健身房办年卡，现健身房已关门，卡内剩余860元不退，希望退款。"
GOOD = json.dumps({"title": TITLE, "content": CONTENT}, ensure_ascii=False)


@dataclass
class Endpoint:
    """What the server answers, and what it was asked."""

    url: str
    answer: str = GOOD
    status: int = 200
    raw: bytes | None = None
    """Sent as it is, in place of a chat completion."""
    seconds: float = 0.0
    meanwhile: Callable[[], object] = lambda: None
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            told.keys.append(self.headers["Authorization"])
            told.meanwhile()
            time.sleep(told.seconds)
            found = self.path == "/v1/chat/completions"
            completion = {"choices": [{"message": {"role": "assistant", "content": told.answer}}]}
            body = json.dumps(completion).encode() if told.raw is None else told.raw
            try:
                self.send_response(told.status if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except BrokenPipeError:
                pass  # nobody waited

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Endpoint(f"http://127.0.0.1:{server.server_port}/v1")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture
def filler(knowledge: Knowledge) -> TicketFiller:
    filler = TicketFiller(knowledge.reference, STARTED, "13800138001")
    for index, (speaker, text) in enumerate(DIALOGUE):
        filler.hear(Utterance(index, "agent" if speaker == "agent" else "caller", text))
    return filler


def write(endpoint: Endpoint, filler: TicketFiller, seconds: float = 3.0, key: str = "") -> dict[str, str]:
    return asyncio.run(Summariser(endpoint.url, "qwen", key, seconds).write(filler.turns, filler.fields))


def talk(
    call: SampleCall,
    recognizer: Recognizer,
    knowledge: Knowledge,
    summariser: Summariser | None,
    endpoint: Endpoint | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """The document and the kinds of the events of the bundled call's first 25 s.

    The agent types a title while `endpoint`, if given, thinks.
    """
    drafts: list[Draft] = []

    async def publish(more: Sequence[Draft]) -> None:
        drafts.extend(more)

    async def hear() -> None:
        start = MediaStart("call", "1", None, 8000, 2, datetime.fromisoformat(call.started_at))
        engine = Engine(recognizer)
        with ThreadPoolExecutor(1) as ears:
            understanding = Understanding(
                "call",
                engine=engine,
                filler=knowledge.filler(start.started_at, None),
                suggester=knowledge.suggester(start.started_at),
                publish=publish,
                summariser=summariser,
            )
            on = Call(
                start, engine=engine, understanding=understanding, ears=ears, publish=publish, partial_interval=None
            )

            async def type_a_title() -> None:
                drafts.extend(await understanding.edit("title", "座席写的标题", on.seconds))

            if endpoint:
                loop = asyncio.get_running_loop()
                endpoint.meanwhile = lambda: asyncio.run_coroutine_threadsafe(type_a_title(), loop).result()
            await on.start()
            await on.feed(call.samples[:, : 25 * 8000])
            await on.hang_up()
            engine.close()

    asyncio.run(hear())
    events = [draft.numbered(place, "call") for place, draft in enumerate(drafts, start=1)]
    return document.fold("call", events), [event.type for event in events]


CALM = {
    "title": "关于来电反映事项的投诉",
    "content": "市民来电反映有关事项，对目前的处理情况不满意，希望有关部门了解情况后尽快处理，并把结果告诉市民。",
}


def test_the_model_is_told_the_fields_and_who_said_what_and_its_words_are_taken(
    endpoint: Endpoint, filler: TicketFiller
) -> None:
    assert write(endpoint, filler, key="secret") == {"title": TITLE, "content": CONTENT}
    [asked] = endpoint.asked
    system, user = asked["messages"]
    assert asked["model"] == "qwen"
    assert endpoint.keys == ["Bearer secret"]
    assert "没有说到的一律不写" in system["content"]
    assert "涉及金额：860元" in user["content"]
    assert "市民：姓何" in user["content"]
    assert "诉求内容" not in user["content"]


def test_a_slow_model_is_not_waited_for(endpoint: Endpoint, filler: TicketFiller) -> None:
    endpoint.seconds = 1.5
    began = time.monotonic()
    with pytest.raises(SummaryError, match=r"within 0.2 s"):
        write(endpoint, filler, seconds=0.2)
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500},
        {"status": 302},
        {"raw": b"<html>"},
        {"raw": b'{"choices": []}'},
        {"answer": "好的，我来写。"},
        {"answer": '{"title": "' + TITLE + '", "content": 3}'},
        {"answer": GOOD.replace("860", "8600")},
        {"answer": GOOD.replace("体育西路", "幸福路")},
        {"answer": GOOD.replace("投诉", "事情")},
        {"answer": GOOD.replace("希望退款", "希望退款" * 30)},
        {"answer": GOOD.replace(CONTENT, "市民来电投诉。")},
        {"url": "http://127.0.0.1:1/v1"},
    ],
)
def test_whatever_is_wrong_with_an_answer_ends_in_one_error(
    trouble: dict[str, Any], endpoint: Endpoint, filler: TicketFiller
) -> None:
    for name, value in trouble.items():
        setattr(endpoint, name, value)
    with pytest.raises(Exception, match=r"[Ss]ummariser|500|302|[Cc]onnect"):
        write(endpoint, filler)


@pytest.mark.parametrize("answer", [f"```json\n{GOOD}\n```", f"<think>{{先想想}}</think>\n{GOOD}", f"{GOOD}\n以上。"])
def test_words_around_the_object_are_passed_over(answer: str) -> None:
    assert checked(answer, SAID) == {"title": TITLE, "content": CONTENT}


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("剩余860元，6栋803房，2025年办卡，一家健身房，第6栋", set()),
        ("剩余八百六十元，剩余８６０元", set()),
        ("在马路边的小区，社区居民楼，6楼业主在公路上", set()),
        ("剩余861元", {"861"}),
        ("有三名业主", {"3"}),
        ("住6栋804房", {"804"}),
        ("损失1.2万元", {"12000"}),
        ("卡号6222020200112233445", {"6222020200112233445"}),
        ("位于越秀区", {"越秀区"}),
        ("位于体育东路", {"体育东路"}),
        ("在猎德村的办公楼，其楼下", {"猎德村"}),
    ],
)
def test_numbers_and_names_must_have_been_said(text: str, strange: set[str]) -> None:
    assert invented(text, SAID) == strange


def test_what_the_agent_edited_or_confirmed_stays(filler: TicketFiller) -> None:
    filler.edit("title", "我写的标题")
    [change] = filler.redraft({"title": TITLE, "content": CONTENT})
    assert (change.name, change.value.value, change.value.generated) == ("content", CONTENT, True)
    assert filler.fields["title"].value == "我写的标题"
    filler.accept("content")
    assert filler.redraft({"content": "别的"}) == []
    filler.edit("content", CONTENT + "请尽快处理。")
    assert not filler.fields["content"].generated


def test_a_call_without_a_summariser_asks_nobody_which_is_the_default(
    call: SampleCall, recognizer: Recognizer, knowledge: Knowledge, endpoint: Endpoint
) -> None:
    none = Summariser.of(config.load())
    told, _ = talk(call, recognizer, knowledge, none)
    assert none is None
    assert told["ticket"]["content"]["state"] == "suggested"
    assert not any(field["generated"] for field in told["ticket"].values())
    assert endpoint.asked == []


def test_a_summariser_that_is_no_address_is_refused_at_the_start() -> None:
    with pytest.raises(SeatError, match="summariser_url"):
        config.load(summariser_url="10.0.0.5:8000")


def test_a_call_ends_with_the_models_words_marked_as_such_and_those_the_agent_typed_meanwhile(
    call: SampleCall, recognizer: Recognizer, knowledge: Knowledge, endpoint: Endpoint
) -> None:
    endpoint.answer = json.dumps(CALM)
    told, kinds = talk(call, recognizer, knowledge, Summariser(endpoint.url, "qwen"), endpoint)
    content, title = told["ticket"]["content"], told["ticket"]["title"]
    assert (content["value"], content["state"], content["generated"]) == (CALM["content"], "suggested", True)
    assert content["evidence"]
    assert (title["value"], title["state"], title["generated"]) == ("座席写的标题", "edited", False)
    assert kinds[-3:] == ["ticket.updated", "ticket.updated", "call.ended"]
    assert len(endpoint.asked) == 1


def test_a_call_keeps_its_own_words_when_the_model_invents(
    call: SampleCall,
    recognizer: Recognizer,
    knowledge: Knowledge,
    endpoint: Endpoint,
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint.answer = json.dumps(CALM).replace(json.dumps("有关事项")[1:-1], "幸福路98765户居民的事项")
    with caplog.at_level(logging.WARNING, "assistant.understanding"):
        told, kinds = talk(call, recognizer, knowledge, Summariser(endpoint.url, "qwen"))
    for name in WRITTEN:
        own = told["ticket"][name]
        assert (own["state"], own["generated"]) == ("suggested", False)
        assert own["value"]
        assert "幸福路" not in own["value"]
    assert kinds[-1] == "call.ended"
    [warning] = [record for record in caplog.records if record.name == "assistant.understanding"]
    assert "98765、幸福路" in warning.getMessage()
    assert len(endpoint.asked) == 1


@pytest.mark.slow  # a server of its own, which a model redrafts for
def test_the_page_marks_what_a_model_wrote_until_the_agent_accepts_it(
    browser: Any, play: Play, call: SampleCall, endpoint: Endpoint
) -> None:
    expect = pytest.importorskip("playwright.sync_api").expect
    endpoint.answer = json.dumps(CALM)
    with ServerProcess(
        SEAT_SUMMARISER_URL=endpoint.url, SEAT_SUMMARISER_MODEL="qwen", SEAT_SUMMARISER_KEY="secret"
    ) as server:
        playing = play(server, agent="1", pace=1000.0, samples=call.samples[:, : 25 * 8000])
        page = browser.new_page(locale="zh-CN")
        page.goto(f"{server.url}/calls/{playing.wait()}")
        content = page.locator('[data-field="content"]')
        expect(page.locator("#field-content")).to_have_value(CALM["content"])
        expect(content.locator(".generated")).to_have_text("模型生成，请核对")
        expect(page.locator('[data-field="category"] .generated')).to_be_hidden()

        content.get_by_role("button", name="采纳诉求内容").click()

        expect(content.locator(".state")).to_have_text("已确认")
        expect(content.locator(".generated")).to_be_hidden()
        page.close()
    assert endpoint.keys == ["Bearer secret"]
