"""REST under `/api`: calls, transcripts, tickets, health; and Prometheus' `/metrics`."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from assistant import document, events
from assistant.metrics import Metrics
from assistant.server.people import person
from assistant.sheets import CSV_TYPE, csv_file
from assistant.switchboard import Switchboard
from assistant.ticket.form import form
from audio.errors import AudioError
from audio.keeping import Recordings

router = APIRouter()

Id = Annotated[str, "A call's id"]


def _switchboard(request: Request) -> Switchboard:
    switchboard: Switchboard = request.app.state.switchboard
    return switchboard


@router.get("/api/calls")
async def calls(
    request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100, offset: Annotated[int, Query(ge=0)] = 0
) -> list[dict[str, Any]]:
    """Calls, newest first; an agent's own."""
    who = person(request)
    desk = who.desk if who and who.role == "agent" else None
    found = await asyncio.to_thread(_switchboard(request).log.store.calls, limit, offset, desk)
    return [asdict(summary) for summary in found]


@router.get("/api/calls/{call}")
async def call_document(request: Request, call: Id) -> dict[str, Any]:
    """A call as one document: transcript, ticket with evidence, candidates, suggestions, hints, latencies."""
    past = await _switchboard(request).log.past(call)
    if not past:
        raise HTTPException(404, f"没有通话 {call}。")
    return document.fold(call, past)


@router.get("/api/calls/{call}/transcript")
async def transcript(request: Request, call: Id) -> list[dict[str, Any]]:
    """The finals of a call in the order in which they were begun."""
    found: list[dict[str, Any]] = (await call_document(request, call))["transcript"]
    return found


@router.get("/api/calls/{call}/audio")
async def call_audio(
    request: Request, call: Id, start: Annotated[float, Query(ge=0)] = 0.0, end: Annotated[float, Query(gt=0)] = 600.0
) -> Response:
    """Seconds [start, end) of a call, at most 600, as WAV: during the call and as long as recordings are kept."""
    recordings: Recordings | None = request.app.state.recordings
    try:
        part = await asyncio.to_thread(recordings.part, call, start, end) if recordings else None
    except AudioError as error:
        raise HTTPException(500, "录音文件已损坏。") from error
    if part is None:
        raise HTTPException(404, "这通电话没有录音，或录音已过保存期。")
    return Response(part, media_type="audio/wav", headers={"Cache-Control": "private, no-store"})


@router.get("/api/calls/{call}/ticket")
async def ticket(request: Request, call: Id, format: Literal["json", "csv"] = "json") -> Response:
    """The work order of a call, as JSON or as CSV that spreadsheets open."""
    fields: dict[str, dict[str, Any]] = (await call_document(request, call))["ticket"]
    if format == "json":
        return Response(_json(fields), media_type="application/json")
    rows = [
        (
            name,
            field["label"],
            _words(field["value"]),
            field["display"],
            field["state"],
            field["confidence"],
            "是" if field.get("generated") else "否",
        )
        for name, field in fields.items()
    ]
    headers = {"Content-Disposition": 'attachment; filename="ticket.csv"'}
    headings = ("字段", "名称", "值", "说明", "状态", "置信度", "模型生成")
    return Response(csv_file(headings, rows), media_type=CSV_TYPE, headers=headers)


@router.get("/api/fields")
async def fields(request: Request) -> list[dict[str, Any]]:
    """The form: every field with its label, kind and choices."""
    return [asdict(field) for field in form(_switchboard(request).assistant.knowledge.reference.pack)]


@router.get("/api/events/schema")
async def events_schema() -> dict[str, Any]:
    """JSON Schema of the events that the websockets send."""
    return events.schema()


@router.get("/api/health")
async def health(request: Request) -> dict[str, Any]:
    """Whether the server can take calls, and what is on."""
    switchboard = _switchboard(request)
    return {
        "status": "ok",
        "live_calls": len(switchboard.live),
        "call_capacity": switchboard.assistant.capacity,
        "recognition_delay_seconds": round(switchboard.assistant.engine.delay(), 3),
        "recognition_waiting": switchboard.assistant.engine.waiting(),
        "model": switchboard.assistant.settings.model,
        "city": switchboard.assistant.knowledge.reference.pack.city,
        "articles": len(switchboard.assistant.knowledge.index.articles),
    }


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    figures: Metrics = request.app.state.metrics
    switchboard = _switchboard(request)
    figures.live_calls.set(len(switchboard.live))
    figures.waiting.set(switchboard.assistant.engine.waiting())
    return Response(generate_latest(figures.registry), media_type=CONTENT_TYPE_LATEST)


def _words(value: Any) -> str:
    if value is None:
        return ""
    return ";".join(value) if isinstance(value, list) else str(value)


def _json(value: Any) -> bytes:
    import json  # noqa: PLC0415

    return json.dumps(value, ensure_ascii=False).encode()
