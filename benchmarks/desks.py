"""What the agents see: how long after the server has said something it is on the page, with many desks at work.

Calls are streamed at real-time pace; each has a desk's page of its own, all in one Chromium on the same machine. A page
takes note of when an event arrives and when the frame after it has been drawn; another client, as `latency` has one,
takes note of when it gets the same event. The first desk has two windows, of which the second shows the work order.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from assistant.cli import output
from assistant.document import percentiles
from assistant.errors import SeatError
from benchmarks.common import SAMPLES, JsonOption, bar, console, finish
from benchmarks.latency import CallsOption, Heard, seconds, stream
from benchmarks.recordings import recordings
from benchmarks.serving import ServerProcess

NOTES = """(() => {
  const seen = (window.seen = []);
  window.WebSocket = class extends window.WebSocket {
    constructor(...told) {
      super(...told);
      this.addEventListener("message", ({ data }) => {
        const { call, seq, type } = JSON.parse(data);
        if (seq === undefined) return;
        const event = { call, seq, type, arrived: Date.now(), drawn: 0 };
        seen.push(event);
        requestAnimationFrame(() => requestAnimationFrame(() => { event.drawn = Date.now(); }));
      });
    }
  };
})();"""
"""Runs in the page before its own scripts."""
SUBMISSION = """async () => {
  const before = window.seen.length;
  const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const submitted = () => window.seen.slice(before).find((event) => event.type === "ticket.submitted");
  const press = () => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }));
    return Date.now();
  };
  let began = press();
  await rest(500);
  if (!submitted()) began = press();
  for (let tries = 0; tries < 5000; tries += 1) {
    if (submitted()?.drawn) return submitted().drawn - began;
    await rest(2);
  }
  throw new Error("the ticket was not submitted");
}"""
"""The second key sends what lacks something, as the first has said."""
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-renderer-backgrounding", "--disable-background-timer-throttling",
         "--disable-backgrounding-occluded-windows")  # fmt: skip
SHOWN = ("transcript.final", "transcript.partial", "ticket.updated", "knowledge.suggested")
SETTLING = 2.0
"""Seconds after the last call until its page is asked."""


def desks(
    calls: CallsOption = SAMPLES,
    desks: Annotated[str, typer.Option(help="Numbers of desks at work, separated by commas.")] = "1,4,16",
    json: JsonOption = None,
) -> None:
    """From an event to the agent's page, from hang-up to the whole draft, from submission to dispatch."""
    output.check(json)
    try:
        counts = [int(part) for part in desks.split(",")]
    except ValueError as error:
        raise SeatError(f"--desks is numbers separated by commas, not {desks!r}.") from error
    paths = recordings(calls)
    rows = [_row(count, [[paths[n % len(paths)]] for n in range(count)]) for count in counts]
    table = Table(title="On the page, ms")
    for heading in (
        "desks",
        "event to page p50",
        "p95",
        "max",
        "final to field p50",
        "p95",
        "hang-up to draft",
        "submit",
        "two windows",
    ):
        table.add_column(heading, justify="right")
    for row in rows:
        lag, field = row["event_to_page_ms"], row["final_to_field_ms"]
        table.add_row(
            str(row["desks"]),
            *(f"{lag[key]:.0f}" for key in ("p50", "p95", "max")),
            *(f"{field[key]:.0f}" for key in ("p50", "p95")),
            *(
                f"{row[name]['p95']:.0f}"
                for name in ("hang_up_to_draft_ms", "submit_to_dispatched_ms", "between_windows_ms")
            ),
        )
    console.print(table)
    finish(json, {"desks": rows})


def _row(count: int, played: Sequence[Sequence[Path]]) -> dict[str, Any]:
    with bar() as progress, ServerProcess() as server:
        task = progress.add_task(f"{count} desk(s)", total=seconds(played))
        heard, seen, beside, submitted = asyncio.run(_work(server, played, lambda part: progress.advance(task, part)))
    offset = time.time() - time.monotonic()
    lags, fields, drafts = [], [], []
    for number, call in enumerate(heard):
        told = {(event["call"], event["seq"]): (when + offset) * 1000 for when, event in call.arrivals}
        mine = [event for event in seen[number] if event["drawn"] and (event["call"], event["seq"]) in told]
        lags += [event["drawn"] - told[event["call"], event["seq"]] for event in mine if event["type"] in SHOWN]
        final = None
        for event in mine:
            if event["type"] == "transcript.final":
                final = event["arrived"]
            elif event["type"] == "ticket.updated" and final is not None:
                fields.append(event["drawn"] - final)
        spoken = (call.began + offset + seconds([played[number]])) * 1000
        drafts += [event["drawn"] - spoken for event in mine if event["type"] == "call.ended"]
    other = {(event["call"], event["seq"]): event["drawn"] for event in beside if event["drawn"]}
    apart = [
        abs(event["drawn"] - other[event["call"], event["seq"]])
        for event in seen[0]
        if event["drawn"] and (event["call"], event["seq"]) in other
    ]
    if not (lags and fields and drafts and apart and submitted):
        raise SeatError("The pages showed nothing; is Chromium able to run here?")
    return {
        "desks": count,
        "event_to_page_ms": percentiles(lags),
        "final_to_field_ms": percentiles(fields),
        "hang_up_to_draft_ms": percentiles(drafts),
        "submit_to_dispatched_ms": percentiles(submitted),
        "between_windows_ms": percentiles(apart),
    }


async def _work(
    server: ServerProcess, played: Sequence[Sequence[Path]], advance: Any
) -> tuple[list[Heard], list[list[dict[str, Any]]], list[dict[str, Any]], list[float]]:
    """What the clients received, what the pages saw, what the first desk's second window saw, and milliseconds of each
    submission."""
    try:
        from playwright.async_api import async_playwright  # noqa: PLC0415
    except ImportError as error:
        raise SeatError("This benchmark needs playwright: install the project with its extra dev.") from error
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SeatError("This benchmark needs Chromium: apt-get install chromium.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))

        async def opened(address: str) -> Any:
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            await page.add_init_script(NOTES)
            await page.goto(server.url + address)
            await page.locator('#connection[data-state="open"]').wait_for()
            return page

        pages = [await opened(f"/desk/bench-{number}-0") for number in range(len(played))]
        window = await opened("/desk/bench-0-0?panel=form")
        heard = await stream(server, played, advance)
        await asyncio.sleep(SETTLING)
        seen = [await page.evaluate("window.seen") for page in pages]
        beside = await window.evaluate("window.seen")
        submitted = [await _submit(page) for page in pages]
        await browser.close()
    return heard, seen, beside, submitted


async def _submit(page: Any) -> float:
    """Milliseconds from the key to the drawn answer."""
    await page.locator("#field-title").fill("关于测试的求助")
    took: float = await page.evaluate(SUBMISSION)
    return took
