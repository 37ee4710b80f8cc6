"""`seat capture`: the agent's softphone to the server."""

from __future__ import annotations

from typing import Annotated

import typer

NAME = "capture"


def run(
    list_devices: Annotated[bool, typer.Option("--list", help="List the input devices and stop.")] = False,
    microphone: Annotated[str | None, typer.Option(help="The agent's microphone: number or part of the name.")] = None,
    far_end: Annotated[
        str | None, typer.Option(help="Loopback of the softphone's output: number or part of the name.")
    ] = None,
    server: Annotated[str, typer.Option(help="Media address of the server.")] = "ws://127.0.0.1:8345/media",
    agent: Annotated[str, typer.Option(help="The desk this machine stands on.")] = "1",
    phone: Annotated[str | None, typer.Option(help="The caller's line number.")] = None,
    call_id: Annotated[str | None, typer.Option(help="The call's id (default: a new one).")] = None,
    seconds: Annotated[float | None, typer.Option(help="Hang up after this long (default: on Ctrl+C).")] = None,
) -> None:
    """Stream the softphone's two legs to the server: one call, until Ctrl+C."""
    import asyncio  # noqa: PLC0415
    import json  # noqa: PLC0415

    from rich.table import Table  # noqa: PLC0415

    from assistant.capture import stream  # noqa: PLC0415
    from assistant.cli import view  # noqa: PLC0415
    from assistant.errors import SeatError  # noqa: PLC0415
    from audio.devices import find_device, input_devices  # noqa: PLC0415
    from audio.media import parse_start  # noqa: PLC0415
    from audio.resample import SAMPLE_RATE  # noqa: PLC0415

    console = view.stdout()
    if list_devices:
        table = Table("编号", "名称", "系统", "声道", "采样率")
        for device in input_devices():
            table.add_row(str(device.number), device.name, device.system, str(device.channels), f"{device.rate:.0f}")
        console.print(table)
        return
    if microphone is None or far_end is None:
        raise SeatError("Choose both devices: --microphone and --far-end (seat capture --list names them).")
    described = {"call_id": call_id, "agent": agent, "caller_phone": phone, "sample_rate": SAMPLE_RATE, "channels": 2}
    start = parse_start(json.dumps(described))
    devices = find_device(far_end), find_device(microphone)
    console.print(f"通话 {start.call_id}：市民 = {devices[0].name}，座席 = {devices[1].name}；按 Ctrl+C 挂断")

    def told(gone: str) -> None:
        console.print(
            f"与服务器断开，正在重连，声音先存在本机（{gone}）" if gone else "已重新连上，断开期间的声音已补传"
        )

    sent = asyncio.run(stream(server, start, *devices, seconds, told))
    console.print(f"已挂断，共发送 {sent:.1f} 秒")
