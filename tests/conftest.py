"""What tests share: the bundled call, the recogniser, a server in a process of its own, a browser."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.sync.client import connect

from assistant import model
from assistant.config import cache_dir
from assistant.demo import sample
from assistant.events import CallEnded, CallStarted, Data, Draft, TicketUpdated, TranscriptFinal
from assistant.recognizer import Recognizer
from assistant.seat import Knowledge
from assistant.store import Entry, Store
from assistant.ticket.fields import LABELS, State, Value
from audio.files import RecordingReader
from audio.media import MediaClient, MediaStart
from audio.resample import SAMPLE_RATE, Resampler, Samples
from benchmarks.serving import ServerProcess
from kb.pack import DEFAULT_PACK
from tests.postgres import Postgres


@dataclass(frozen=True)
class Turn:
    """One turn of the bundled call."""

    speaker: str
    start: float
    end: float
    text: str


@dataclass(frozen=True)
class SampleCall:
    """The bundled call: 8 kHz, two channels."""

    path: Path
    samples: Samples
    """(2, n) at 8 kHz"""
    turns: list[Turn]
    started_at: str
    caller_phone: str

    def said(self, turn: int, margin: float = 0.3) -> Samples:
        """The audio of one turn at 16 kHz, with some silence around it."""
        spoken = self.turns[turn]
        channel = 0 if spoken.speaker == "caller" else 1
        first, last = int((spoken.start - margin) * 8000), int((spoken.end + margin) * 8000)
        return Resampler(8000).feed(self.samples[channel, max(0, first) : last], last=True)


@pytest.fixture(scope="session")
def call() -> SampleCall:
    about = json.loads(sample().with_suffix(".json").read_text(encoding="utf-8"))
    with RecordingReader(sample()) as reader:
        samples = np.concatenate(list(reader.chunks(1.0)), axis=1)
    turns = [Turn(**turn) for turn in about["turns"]]
    return SampleCall(sample(), samples, turns, about["started_at"], about["caller_phone"])


@pytest.fixture(scope="session")
def recognizer() -> Recognizer:
    return Recognizer(model.locate("base", cache_dir()), workers=2)


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return Knowledge(DEFAULT_PACK)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        started = Postgres()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with started:
        yield started


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that is promised."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'calls.db'}"
    url: str = request.getfixturevalue("postgres").database()
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store of each kind that is promised."""
    opened = Store(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as running:
        yield running


@pytest.fixture(scope="session")
def server_store(server: ServerProcess) -> Iterator[Store]:
    """The store of that server, for what only time brings about."""
    opened = Store(f"sqlite:///{server.data / 'calls.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (scripts/setup dev installs it)")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=path, args=[*flags, "--disable-component-update", "--disable-sync"]
        )
        yield opened
        opened.close()


@dataclass
class Playing:
    """A call that is being streamed by a thread."""

    call_id: str
    thread: threading.Thread
    hang_up: threading.Event
    failure: list[BaseException]

    def wait(self) -> str:
        """Until all of it has been streamed and stored; returns the call's id."""
        self.thread.join()
        if self.failure:
            raise self.failure[0]
        return self.call_id

    def stop(self) -> str:
        """Hang up now, wherever the call is."""
        self.hang_up.set()
        return self.wait()


Play = Callable[..., Playing]
Submit = Callable[..., list[dict[str, Any]]]
Write = Callable[..., str]


@pytest.fixture(scope="session")
def play(call: SampleCall) -> Iterator[Play]:
    """Streams the bundled call (or the first seconds of it, or other samples) to a server from a thread."""
    started: list[Playing] = []

    def begin(
        server: ServerProcess,
        *,
        agent: str = "1",
        call_id: str | None = None,
        pace: float = 1.0,
        seconds: float | None = None,
        samples: Samples | None = None,
        caller_phone: str | None = None,
        patience: float = 0.0,
    ) -> Playing:
        start = MediaStart(
            call_id=call_id or uuid.uuid4().hex,
            agent=agent,
            caller_phone=caller_phone or call.caller_phone,
            sample_rate=8000,
            channels=2,
            started_at=datetime.fromisoformat(call.started_at),
        )
        audio = call.samples if samples is None else samples
        audio = audio if seconds is None else audio[:, : int(8000 * seconds)]
        playing = Playing(start.call_id, threading.Thread(), threading.Event(), [])

        def run() -> None:
            try:
                asyncio.run(_stream(server, start, audio, pace, playing.hang_up, patience))
            except BaseException as error:  # handed to whoever waits
                playing.failure.append(error)

        playing.thread = threading.Thread(target=run, daemon=True)
        playing.thread.start()
        started.append(playing)
        return playing

    yield begin
    for playing in started:
        playing.hang_up.set()
        playing.thread.join(60)


@pytest.fixture(scope="session")
def finished(server: ServerProcess, play: Play) -> str:
    """The bundled call, played at once to desk "over"."""
    return play(server, agent="over", call_id="over", pace=1000.0).wait()


@pytest.fixture(scope="session")
def submitted(server: ServerProcess, play: Play) -> Submit:
    """Plays some seconds of a call, fills what is given, submits; returns the events of the submission."""

    def submit(call: str, direct: bool = False, caller_phone: str | None = None, **fields: Any) -> list[dict[str, Any]]:
        play(server, agent="orders", call_id=call, pace=1000.0, seconds=2, caller_phone=caller_phone).wait()
        with connect(f"{server.websocket}/calls/{call}/events?after=100000") as page:

            def ask(**request: Any) -> Any:
                page.send(json.dumps(request | {"call": call}))
                while True:
                    answer = json.loads(page.recv(20))
                    if answer["type"] in ("ack", "error"):
                        return answer

            for name, value in fields.items():
                assert ask(type="ticket.edit", id=name, field=name, value=value)["type"] == "ack"
            answer = ask(type="ticket.submit", id="submit", direct=direct)
            assert answer["type"] == "ack", answer
            assert ask(type="ticket.submit", id="submit", direct=direct)["seq"] == answer["seq"]
        with connect(f"{server.websocket}/calls/{call}/events") as page:
            events = []
            while not events or events[-1]["seq"] < answer["seq"]:
                events.append(json.loads(page.recv(20)))
        return [event for event in events if event["type"] in ("ticket.submitted", "ticket.dispatched")]

    return submit


@pytest.fixture(scope="session")
def written(server: ServerProcess) -> Write:
    """Puts a call that is over into the server's store, where its sound does not matter; returns its id."""

    def write(call: str, *told: Data) -> str:
        store = Store(f"sqlite:///{server.data / 'calls.db'}")
        write_call(store, call, *told)
        store.close()
        return call

    return write


def write_call(store: Store, call: str, *told: Data, agent: str = "written") -> None:
    """A call that is over, with an event a second."""
    began = datetime.fromisoformat("2026-03-24T09:00:00+08:00")
    start = MediaStart(
        call_id=call, agent=agent, caller_phone="13800138000", sample_rate=8000, channels=2, started_at=began
    )
    opening = CallStarted(agent=agent, caller_phone=start.caller_phone, started_at=began, channels=2)
    events = [opening, *told, CallEnded(reason="hangup")]
    store.add_call(start)
    store.write([Entry(Draft(data, float(at)).numbered(at + 1, call)) for at, data in enumerate(events)])


def lines(*texts: str) -> list[TranscriptFinal]:
    """A conversation in which agent and caller take turns, an utterance each four seconds."""
    return [
        TranscriptFinal(
            utterance=number,
            speaker="caller" if number % 2 else "agent",
            start=4.0 * number,
            end=4.0 * number + 3,
            text=text,
            confidence=0.9,
        )
        for number, text in enumerate(texts)
    ]


def filled(field: str, value: Value, state: State, display: str = "") -> TicketUpdated:
    """A field of the ticket has a value, without evidence."""
    return TicketUpdated(
        field=field,
        value=value,
        label=LABELS[field],
        display=display,
        state=state,
        confidence=0.9,
        evidence=[],
        candidates=[],
    )


async def _stream(
    server: ServerProcess, start: MediaStart, samples: Samples, pace: float, hang_up: threading.Event, patience: float
) -> None:
    frame = start.sample_rate // 50
    async with MediaClient(f"{server.websocket}/media", start, patience) as media:
        began = time.monotonic()
        for first in range(0, samples.shape[1], frame):
            if hang_up.is_set():
                break
            await media.send(samples[:, first : first + frame])
            due = began + first / start.sample_rate / pace
            if due > time.monotonic():
                await asyncio.sleep(due - time.monotonic())


def silence(seconds: float) -> Samples:
    """Line noise nobody hears, 16 kHz."""
    return (np.random.default_rng(0).standard_normal(int(seconds * SAMPLE_RATE)) * 1e-4).astype(np.float32)


def watched(browser: Any, url: str, **options: Any) -> Iterator[Any]:
    """A browser of one person's. No page in it may fail silently, open a dialog, nor ask any machine but `url`'s."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", **options)
    context.set_default_timeout(30_000)
    faults: list[str] = []
    context.on("weberror", lambda fault: faults.append(str(fault.error)))
    context.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    context.on("request", lambda request: None if request.url.startswith(url) else faults.append(request.url))

    def refuse(dialog: Any) -> None:
        faults.append(dialog.message)
        dialog.dismiss()

    context.on("dialog", refuse)
    yield context
    context.close()
    assert faults == []
