"""REST: what integrators read."""

from __future__ import annotations

import csv
import io
import wave
from typing import Any

import httpx
import numpy as np
import pytest

from assistant.ticket.fields import LABELS
from benchmarks.serving import ServerProcess
from tests.conftest import SampleCall


def get(server: ServerProcess, path: str) -> Any:
    return httpx.get(server.url + path).raise_for_status().json()


def test_a_call_is_one_document(server: ServerProcess, finished: str, call: SampleCall) -> None:
    told = get(server, f"/api/calls/{finished}")
    assert told["call"]["caller_phone"] == call.caller_phone
    assert {line["speaker"] for line in told["transcript"]} == {"caller", "agent"}
    assert list(told["ticket"]) == list(LABELS)
    texts = {line["utterance"]: line["text"] for line in told["transcript"]}
    shown = [each for field in told["ticket"].values() for each in field["evidence"]]
    assert shown
    for each in shown:
        assert 0 <= each["start"] < each["end"] <= len(texts[each["utterance"]])
    assert told["ticket"]["district"]["value"] == "白云区"
    assert set(told["candidates"]) == {"category", "department"}
    assert told["latency"]["final_ms"]["count"] == len(told["transcript"])


def test_the_list_of_calls_says_what_each_was_about(server: ServerProcess, finished: str) -> None:
    line = next(each for each in get(server, "/api/calls") if each["id"] == finished)
    assert line["state"] == "ended"
    assert line["title"]
    assert line["utterances"] == len(get(server, f"/api/calls/{finished}/transcript"))
    assert line["ended_at"] > line["started_at"]


def test_the_ticket_opens_in_a_spreadsheet(server: ServerProcess, finished: str) -> None:
    answer = httpx.get(f"{server.url}/api/calls/{finished}/ticket?format=csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.text.startswith("\ufeff")
    assert [row[0] for row in rows[1:]] == list(LABELS)
    assert get(server, f"/api/calls/{finished}/ticket")["district"]["value"] == "白云区"


def test_articles_are_found_and_read(server: ServerProcess) -> None:
    found = get(server, "/api/articles?q=健身房关门了卡里的钱怎么退&top=3&on=2026-03-18")
    assert len(found) == 3
    assert get(server, f"/api/articles/{found[0]['id']}")["answer"] == found[0]["answer"]


def test_the_form_names_every_field_once(server: ServerProcess) -> None:
    form = get(server, "/api/fields")
    assert [field["name"] for field in form] == list(LABELS)
    by_name = {field["name"]: field for field in form}
    assert len(by_name["category"]["choices"]) > 100
    assert by_name["callback"]["kind"] == "boolean"


def test_health_and_figures(server: ServerProcess, finished: str) -> None:
    assert get(server, "/api/health")["status"] == "ok"
    figures = httpx.get(f"{server.url}/metrics").text
    assert 'seat_event_latency_seconds_count{type="transcript.final"}' in figures
    assert "/api/calls/{call}" in get(server, "/api/openapi.json")["paths"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/calls/nobody", 404),
        ("/api/calls/nobody/ticket", 404),
        ("/api/articles/nothing", 404),
        ("/api/calls?limit=-1", 422),
        ("/api/articles?q=x&on=tomorrow", 422),
        ("/ui/%2e%2e/pyproject.toml", 404),
    ],
)
def test_what_is_not_there_is_said(server: ServerProcess, path: str, status: int) -> None:
    assert httpx.get(server.url + path).status_code == status


def test_any_part_of_a_call_can_be_heard(server: ServerProcess, finished: str, call: SampleCall) -> None:
    answer = httpx.get(f"{server.url}/api/calls/{finished}/audio", params={"start": 10, "end": 11.5})
    assert answer.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (8000, 2, 12_000)
        heard = np.frombuffer(file.readframes(12_000), "<i2").reshape(-1, 2).T
    said = call.samples[:, 80_000:92_000]
    assert np.abs(heard / 32768 - said).max() < 1e-3
    assert httpx.get(f"{server.url}/api/calls/no-such-call/audio").status_code == 404
