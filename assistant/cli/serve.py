"""`seat serve`: the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "serve"


def run(
    host: Annotated[str | None, typer.Option(help="Address to listen on (default: 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (default: 8345; 0: any free one).")] = None,
    pack: Annotated[Path | None, typer.Option(help="City pack directory.")] = None,
    model: Annotated[str | None, typer.Option(help="Recognition model: base, a directory, or a name.")] = None,
) -> None:
    """Take calls at /media and serve the agents' pages."""
    import asyncio  # noqa: PLC0415
    import contextlib  # noqa: PLC0415
    import signal  # noqa: PLC0415

    from assistant import config  # noqa: PLC0415
    from assistant.cli import view  # noqa: PLC0415
    from assistant.server.run import Server, listen  # noqa: PLC0415

    settings = config.load(host=host, port=port, pack=pack, model=model)
    socket = listen(settings.host, settings.port)
    with view.loading(view.stderr()) as report:
        server = Server(settings, socket, report)

    async def serve() -> None:
        async with server:
            with contextlib.suppress(NotImplementedError):  # Windows has no SIGTERM to handle
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
            if settings.host not in ("127.0.0.1", "::1", "localhost") and not server.people.guarded:
                warning = "还没有任何用户，网络上任何人都能使用：请先运行 seat users add 添加用户。"
                view.stderr().print(warning, style="bold red")
            view.stdout().print(f"座席页面：{server.url}/    音频接口：{server.media_url}    按 Ctrl+C 停止")
            await server.stopped()

    asyncio.run(serve())
