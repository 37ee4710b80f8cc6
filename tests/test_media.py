"""The media protocol: what a switch sends, and what no switch should send."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from time import sleep
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from audio.errors import AudioError
from audio.media import MediaClient, MediaStart, is_stop, parse_start
from audio.resample import to_pcm16
from benchmarks.serving import ServerProcess
from tests.conftest import Play, SampleCall

HELLO: dict[str, Any] = {"agent": "media", "caller_phone": "13800138000", "sample_rate": 8000, "channels": 2}


@pytest.fixture
def media(server: ServerProcess) -> Iterator[ClientConnection]:
    with connect(f"{server.websocket}/media") as opened:
        yield opened


def refusal(media: ClientConnection) -> str:
    """What the server says before it closes, and that it closes."""
    told = json.loads(media.recv(10))
    assert told["type"] == "error"
    with pytest.raises(ConnectionClosed):
        media.recv(10)
    message: str = told["message"]
    assert "\n" not in message
    return message


def document(server: ServerProcess, call: str) -> dict[str, Any]:
    """The call once it is over (a vanished client is noticed a moment after it has gone)."""
    while True:
        found: dict[str, Any] = httpx.get(f"{server.url}/api/calls/{call}").raise_for_status().json()
        if found["call"]["ended"]:
            return found
        sleep(0.1)


def test_a_start_goes_there_and_back() -> None:
    start = parse_start(json.dumps(HELLO | {"call_id": "c", "started_at": "2026-03-18T09:12:00+08:00"}))
    assert parse_start(start.wire()) == start
    assert isinstance(start, MediaStart)


def test_what_is_not_said_is_made_up_sensibly() -> None:
    start = parse_start('{"sample_rate": 16000}')
    assert start.call_id
    assert (start.channels, start.caller_phone) == (1, None)
    assert start.started_at.tzinfo is not None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sample_rate": 44100}, "sample_rate"),
        ({"sample_rate": -1}, "sample_rate"),
        ({"sample_rate": 1e9}, "sample_rate"),
        ({"sample_rate": "8000"}, "sample_rate"),
        ({"channels": 0}, "channels"),
        ({"channels": 3}, "channels"),
        ({"channels": True}, "channels"),
        ({"call_id": "a/b"}, "call_id"),
        ({"call_id": "x" * 65}, "call_id"),
        ({"agent": ["1"]}, "agent"),
        ({"caller_phone": "<script>"}, "caller_phone"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"started_at": 5}, "started_at"),
        ({"started_at": "9999-12-31T23:59:59"}, "started_at"),
    ],
)
def test_a_start_that_makes_no_sense_names_the_key(change: dict[str, Any], words: str) -> None:
    with pytest.raises(AudioError, match=words):
        parse_start(json.dumps(HELLO | change))


@pytest.mark.parametrize("text", ["", "hello", "[]", "null", '"x"', "{"])
def test_a_start_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(AudioError, match="must be a JSON object"):
        parse_start(text)


def test_only_a_stop_is_a_stop() -> None:
    assert is_stop('{"type": "stop"}')
    assert not is_stop('{"type": "dtmf", "digit": "1"}')
    assert not is_stop("stop")


def test_audio_before_the_start_is_refused(media: ClientConnection) -> None:
    media.send(bytes(320))
    assert "must be a JSON object" in refusal(media)


def test_absurd_rates_are_refused(media: ClientConnection) -> None:
    media.send(json.dumps(HELLO | {"sample_rate": 3}))
    assert "sample_rate must be 8000 or 16000" in refusal(media)


def test_odd_bytes_end_the_stream_but_not_what_was_said(
    server: ServerProcess, media: ClientConnection, call: SampleCall
) -> None:
    media.send(json.dumps(HELLO | {"call_id": "odd-bytes"}))
    media.send(to_pcm16(call.samples[:, : 8000 * 6]))
    media.send(bytes(321))
    assert "whole 16-bit samples" in refusal(media)
    told = document(server, "odd-bytes")
    assert told["call"]["ended"] == "lost"
    assert "12345" in told["transcript"][0]["text"]


def test_a_call_id_is_used_once(server: ServerProcess, media: ClientConnection) -> None:
    for place in range(2):
        with connect(f"{server.websocket}/media") as again:
            again.send(json.dumps(HELLO | {"call_id": "used-once"}))
            if place == 0:
                again.send(json.dumps({"type": "stop"}))
                assert json.loads(again.recv(10))["type"] == "stopped"
            else:
                assert "has been used before" in refusal(again)


@pytest.mark.slow  # tests/test_past.py has the same with a client that comes back
def test_a_client_that_vanishes_loses_nothing_and_disturbs_nobody(
    server: ServerProcess, call: SampleCall, play: Play
) -> None:
    other = play(server, agent="undisturbed", pace=4.0, seconds=60)
    with connect(f"{server.websocket}/media") as vanishing:
        vanishing.send(json.dumps(HELLO | {"call_id": "vanished"}))
        end = int(8000 * (call.turns[0].end + 0.1))  # in the middle of the pause after the first words
        vanishing.send(to_pcm16(call.samples[:, :end]))
        while httpx.get(f"{server.url}/api/calls/vanished").status_code == 404:  # else the sound dies in the socket
            sleep(0.05)
        vanishing.socket.shutdown(socket.SHUT_RDWR)
        vanishing.socket.close()
    whole = document(server, other.wait())
    assert whole["call"]["ended"] == "hangup"
    assert len(whole["transcript"]) >= sum(turn.end < 60 for turn in call.turns)
    told = document(server, "vanished")
    assert told["call"]["ended"] == "lost"
    assert "12345" in told["transcript"][0]["text"]


def test_the_tail_of_a_call_becomes_a_final(server: ServerProcess, call: SampleCall, play: Play) -> None:
    number = next(turn for turn in call.turns if turn.text.startswith("幺五九零零二零三幺四七"))
    cut = call.samples[:, int(8000 * (number.start - 0.5)) : int(8000 * (number.end + 0.02))]  # and hang-up at once
    told = document(server, play(server, agent="tail", samples=cut, pace=20.0).wait())
    assert told["transcript"], "what was said just before hang-up must become a final"
    assert sum(character.isdigit() for character in told["transcript"][0]["text"]) >= 5


def test_calls_that_come_at_the_same_moment_are_all_taken(server: ServerProcess, play: Play) -> None:
    calls = [play(server, agent=f"rush-{number}", pace=50.0, seconds=1) for number in range(12)]
    told = [document(server, each.wait()) for each in calls]
    assert {each["call"]["ended"] for each in told} == {"hangup"}


def test_a_full_machine_refuses_a_call_and_takes_the_next_when_one_is_over(call: SampleCall) -> None:
    with ServerProcess(SEAT_MAX_CALLS="1") as full:
        with connect(f"{full.websocket}/media") as first:
            first.send(json.dumps(HELLO | {"call_id": "first"}))
            first.send(to_pcm16(call.samples[:, :8000]))
            while not full.health()["live_calls"]:
                sleep(0.05)
            with connect(f"{full.websocket}/media") as second:
                second.send(json.dumps(HELLO | {"call_id": "second"}))
                assert "full" in refusal(second)
                assert second.close_code == 1013
            first.send('{"type": "stop"}')
            assert json.loads(first.recv(20))["type"] == "stopped"
        with connect(f"{full.websocket}/media") as third:
            third.send(json.dumps(HELLO | {"call_id": "third"}))
            third.send('{"type": "stop"}')
            assert json.loads(third.recv(20))["type"] == "stopped"
        listed = [each["id"] for each in httpx.get(f"{full.url}/api/calls").json()]
        assert sorted(listed) == ["first", "third"]
        assert "seat_calls_refused_total 1.0" in httpx.get(f"{full.url}/metrics").text


def test_a_switch_that_knows_no_stop_frame_hangs_up_by_closing(server: ServerProcess, call: SampleCall) -> None:
    with connect(f"{server.websocket}/media") as media:
        media.send(json.dumps(HELLO | {"call_id": "closed"}))
        media.send(to_pcm16(call.samples[:, : 8000 * 5]))
    told = document(server, "closed")
    assert told["call"]["ended"] == "hangup"
    assert "12345" in told["transcript"][0]["text"]


def test_a_client_that_does_not_wait_for_the_answer_ends_its_call_once(server: ServerProcess) -> None:
    with connect(f"{server.websocket}/media") as media:
        media.send(json.dumps(HELLO | {"call_id": "impatient"}))
        media.send('{"type": "stop"}')
    document(server, "impatient")
    sleep(0.5)
    with connect(f"{server.websocket}/calls/impatient/events") as page:
        kinds = [json.loads(page.recv(5))["type"] for _ in range(2)]
        assert kinds == ["call.started", "call.ended"]
        with pytest.raises(TimeoutError):
            page.recv(0.3)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"call_id": "\\ud800", "sample_rate": 8000}'])
def test_malicious_starts_are_refused(media: ClientConnection, text: str) -> None:
    media.send(text)
    assert refusal(media)


def test_a_long_frame_is_cut_and_heard(server: ServerProcess, media: ClientConnection, call: SampleCall) -> None:
    media.send(json.dumps(HELLO | {"call_id": "long-frame"}))
    media.send(to_pcm16(call.samples[:, : 8000 * 30]))
    media.send('{"type": "stop"}')
    assert json.loads(media.recv(30))["type"] == "stopped"
    assert len(document(server, "long-frame")["transcript"]) >= 4


def test_mono_audio_has_one_unknown_speaker(server: ServerProcess, media: ClientConnection, call: SampleCall) -> None:
    media.send(json.dumps(HELLO | {"call_id": "mono", "channels": 1}))
    mixed = call.samples[:, : 8000 * 6].sum(axis=0, keepdims=True)
    for first in range(0, mixed.shape[1], 160):
        media.send(to_pcm16(mixed[:, first : first + 160]))
    media.send(json.dumps({"type": "stop"}))
    assert json.loads(media.recv(20))["type"] == "stopped"
    assert {line["speaker"] for line in document(server, "mono")["transcript"]} == {"unknown"}


def test_frames_of_any_length_and_events_of_the_switch_are_taken(
    server: ServerProcess, media: ClientConnection, call: SampleCall
) -> None:
    media.send(json.dumps(HELLO | {"call_id": "uneven"}))
    place, random = 0, np.random.default_rng(0)
    while place < 8000 * 6:
        length = int(random.integers(0, 2000))
        media.send(to_pcm16(call.samples[:, place : min(place + length, 8000 * 6)]))
        media.send('{"type": "dtmf", "digit": "5"}')
        place += length
    media.send(json.dumps({"type": "stop"}))
    assert json.loads(media.recv(20))["type"] == "stopped"
    assert "12345" in document(server, "uneven")["transcript"][0]["text"]


def test_who_hangs_up_waits_no_longer_for_a_server_that_has_gone(call: SampleCall) -> None:
    async def story() -> None:
        async def go(socket: ServerConnection) -> None:
            await socket.recv()

        lost: list[str] = []
        async with serve(go, "127.0.0.1", 0) as gone:
            port = gone.sockets[0].getsockname()[1]
            start = parse_start(json.dumps(HELLO | {"call_id": "gone"}))
            media = MediaClient(f"ws://127.0.0.1:{port}", start, patience=3600, lost=lost.append)
            asyncio.get_running_loop().call_later(1.0, media.hurry)
            with pytest.raises(AudioError, match="has not taken the call again"):
                async with media:
                    while True:
                        await media.send(call.samples[: HELLO["channels"], :160])
                        await asyncio.sleep(0.02)
        assert len(lost) == 1

    asyncio.run(story())
