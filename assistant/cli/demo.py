"""`seat demo`: a sample call through everything."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

NAME = "demo"


def run(
    once: Annotated[bool, typer.Option("--once", help="Stop after the call instead of serving on.")] = False,
    port: Annotated[int | None, typer.Option(help="Port for the pages (default: 8345, or a free one).")] = None,
) -> None:
    """Play a sample call at its own pace through the whole pipeline; serve the pages; print transcript and ticket."""
    import asyncio  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    from assistant import config  # noqa: PLC0415
    from assistant.cli import view  # noqa: PLC0415
    from assistant.demo import play_sample  # noqa: PLC0415
    from assistant.errors import SeatError  # noqa: PLC0415
    from assistant.server.run import Server, listen  # noqa: PLC0415
    from assistant.store import StoreInUse  # noqa: PLC0415

    settings = config.load(port=port)
    try:
        socket = listen(settings.host, settings.port)
    except SeatError:
        if port is not None:
            raise
        socket = listen(settings.host, 0)
    console = view.stdout()

    async def demonstrate(server: Server) -> None:
        async with server:
            person = await asyncio.to_thread(server.people.guest, "demo", "演示座席", "admin", "1")
            link = await asyncio.to_thread(server.people.key, person.name, "link")
            console.print(f"座席页面（链接只能用一次，打开即登录为{person.display}）：")
            # Whole, whatever the terminal's width: it is to be copied.
            console.print(f"{server.url}/desk/1?link={link}", soft_wrap=True, highlight=False)
            with view.Transcript(console) as transcript:
                document = await play_sample(server, transcript.show)
            console.print(view.ticket_table(document))
            console.print(view.latency_line(document))
            if not once and sys.stdout.isatty():
                console.print(f"通话已结束，服务仍在运行：{server.url}/desk/1    按 Ctrl+C 停止")
                await server.stopped()

    with tempfile.TemporaryDirectory(prefix="seat-demo-") as scratch:
        with view.loading(view.stderr()) as report:
            try:
                server = Server(settings, socket, report)
            except StoreInUse:  # the hotline's own server is running: leave its calls alone
                apart = settings.model_copy(update={"database_url": f"sqlite:///{scratch}/calls.db"})
                server = Server(apart, socket, report)
        asyncio.run(demonstrate(server))
