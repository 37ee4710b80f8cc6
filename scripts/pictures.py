#!/usr/bin/env python3
"""The README's pictures, and with --every all pages in light and dark, to be looked at: scripts/pictures.py --help."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright
from websockets.asyncio.client import connect

from audio.files import RecordingReader, sample
from audio.media import MediaClient, MediaStart
from benchmarks.serving import ServerProcess

VIEW: Any = {"width": 1280, "height": 800}
FILM_SECONDS, FRAME_SECONDS = 46.0, 0.8
FILM_SIZE = (960, 600)
OFFICE = "王科长"
ORDERS: tuple[dict[str, Any], ...] = (
    {"title": "关于健身房停业不退卡费的投诉", "content": "市民反映动力源健身停业，余额860元不退。",
     "request_type": "投诉", "caller_name": "何女士", "category": "market.prepaid", "subject": "动力源健身",
     "department": "scjg"},
    {"title": "关于夜间施工噪音的举报", "content": "市民举报工地凌晨一点仍在浇筑，影响休息。", "request_type": "举报",
     "caller_name": "林先生", "category": "env.site-noise", "department": "sthj", "urgency": "紧急"},
    {"title": "关于路灯不亮的求助", "content": "市民反映小区门口一段路灯不亮三天，夜里看不清路。",
     "request_type": "求助", "caller_name": "黄女士", "category": "utility.streetlight", "department": "cgj"},
    {"title": "关于早高峰公交加密班次的建议", "content": "市民建议早高峰加密班次。", "request_type": "建议",
     "caller_name": "周先生", "department": "jtj"},
    {"title": "关于健身房拖延退费的投诉", "content": "市民反映动力源健身停业，年卡余额1500元不退，店员不接电话。",
     "request_type": "投诉", "caller_name": "罗先生", "category": "market.prepaid", "subject": "动力源健身",
     "department": "scjg", "co_departments": ["gaj"]},
)  # fmt: skip
PAGES: dict[str, str] = {
    "index": "/", "calls": "/calls", "orders": "/orders", "order": "/orders/{order}", "knowledge": "/knowledge",
    "article": "/knowledge#articles/kb-0001", "editor": "/knowledge#edit/kb-0001", "review": "/knowledge#review",
    "files": "/knowledge#files", "gaps": "/knowledge#gaps", "sign-in": "/sign-in", "desk": "/calls/film",
    "transcript": "/calls/film?panel=transcript", "form": "/calls/film?panel=form", "unknown": "/calls/unknown",
}  # fmt: skip


def pictures(
    out: Annotated[Path, typer.Option(help="Folder of the README's pictures.")] = Path("docs"),
    every: Annotated[Path | None, typer.Option(help="Folder for every page, in light and dark.")] = None,
) -> None:
    """Film a call at its pace, then photograph the order book."""
    for folder in filter(None, (out, every)):
        folder.mkdir(parents=True, exist_ok=True)
    with ServerProcess() as server:
        asyncio.run(_take(server, out, every))


async def _take(server: ServerProcess, out: Path, every: Path | None) -> None:
    numbers = [await _order(server, f"order-{n}", told) for n, told in enumerate(ORDERS)]
    await _move(server, numbers[-1], "start")
    await _move(server, numbers[-1], "urge", note="市民第二次来电。")
    await _move(server, numbers[2], "start")
    await _move(server, numbers[2], "answer", note="已更换灯具，当晚恢复照明。")
    await _move(server, numbers[2], "call_back")
    async with _chromium() as browser:
        await _film(server, browser, out)
        async with _page(browser, "light") as page:
            await page.goto(f"{server.url}/orders/{numbers[-1]}")
            await page.wait_for_timeout(1500)
            await page.screenshot(path=out / "orders.png")
        if every:
            await _look(server, browser, numbers[-1], every)


async def _look(server: ServerProcess, browser: Browser, order: str, out: Path) -> None:
    for scheme in ("light", "dark"):
        async with _page(browser, scheme) as page:
            for name, path in PAGES.items():
                await page.goto("about:blank")
                await page.goto(server.url + path.format(order=order))
                await page.wait_for_timeout(1500)
                await page.screenshot(path=out / f"{name}-{scheme}.png")


async def _order(server: ServerProcess, call: str, told: dict[str, Any]) -> str:
    """Number of an order in these words."""
    start = MediaStart(call, "1", f"138001380{len(told):02}", 8000, 2, datetime.now().astimezone())
    async with MediaClient(f"{server.websocket}/media", start):
        pass
    async with connect(f"{server.websocket}/calls/{call}/events?after=100000") as socket:
        asked: list[dict[str, Any]] = [{"type": "ticket.edit", "field": key, "value": told[key]} for key in told]
        for number, request in enumerate([*asked, {"type": "ticket.submit"}]):
            await socket.send(json.dumps(request | {"id": str(number), "call": call}))
            while (answer := json.loads(await socket.recv()))["type"] not in ("ack", "error"):
                pass
            assert answer["type"] == "ack", answer
    async with httpx.AsyncClient() as client:
        orders = (await client.get(f"{server.url}/api/orders")).json()["orders"]
    return next(str(order["number"]) for order in orders if order["call"] == call)


async def _move(server: ServerProcess, number: str, name: str, **told: Any) -> None:
    async with httpx.AsyncClient() as client:
        done = await client.post(f"{server.url}/api/orders/{number}/moves", json={"move": name, "by": OFFICE} | told)
        done.raise_for_status()


async def _film(server: ServerProcess, browser: Browser, out: Path) -> None:
    """The beginning of the sample call as an animation, and the page as it is when the film ends."""
    frames: list[Image.Image] = []
    async with _page(browser, "light") as page:
        await page.goto(f"{server.url}/desk/1")
        await page.locator('#connection[data-state="open"]').wait_for()
        playing = asyncio.create_task(_play(server))
        began = time.monotonic()
        while time.monotonic() < began + FILM_SECONDS:
            due = began + len(frames) * FRAME_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            frames.append(Image.open(BytesIO(await page.screenshot())).convert("RGB"))
        frames[-1].save(out / "desk.png", optimize=True)
        await playing
    small = [frame.resize(FILM_SIZE, Image.Resampling.LANCZOS) for frame in frames]
    film = out / "call.webp"
    small[0].save(film, save_all=True, append_images=small[1:], duration=int(1000 * FRAME_SECONDS), loop=0, quality=70)
    print(f"{film}: {len(frames)} frames, {film.stat().st_size // 1024} KiB")


async def _play(server: ServerProcess) -> None:
    about = json.loads(sample().with_suffix(".json").read_text(encoding="utf-8"))
    with RecordingReader(sample()) as reader:
        rate = reader.recording.rate
        start = MediaStart("film", "1", about["caller_phone"], rate, 2, datetime.now().astimezone())
        async with MediaClient(f"{server.websocket}/media", start) as media:
            began = time.monotonic()
            for number, frame in enumerate(reader.chunks(0.02)):
                await asyncio.sleep(max(0.0, began + 0.02 * number - time.monotonic()))
                await media.send(frame)


@asynccontextmanager
async def _chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        path = shutil.which("chromium")
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


@asynccontextmanager
async def _page(browser: Browser, scheme: Any) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport=VIEW, locale="zh-CN", color_scheme=scheme)
    yield await context.new_page()
    await context.close()


if __name__ == "__main__":
    typer.run(pictures)
