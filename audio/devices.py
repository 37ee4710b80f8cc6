"""The softphone's sound: the agent's microphone and the far end's loopback, through sounddevice (PortAudio)."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio.errors import AudioError
from audio.resample import SAMPLE_RATE, Resampler, Samples

FRAME = SAMPLE_RATE // 50
"""Samples of a frame (20 ms)."""
PATIENCE = 0.3
"""Seconds one device may be ahead of the other before the other is taken to be silent."""
DEAD_AFTER = 10.0
"""Seconds without a sample from either device after which capture gives up."""


@dataclass(frozen=True)
class InputDevice:
    """A device that sound can be recorded from."""

    number: int
    name: str
    system: str
    """The host API: ALSA, WASAPI, Core Audio, …"""
    channels: int
    rate: float
    """The device's own rate in Hz."""


def input_devices() -> list[InputDevice]:
    """All devices that record. Raises AudioError when PortAudio is not installed."""
    sounddevice = _sounddevice()
    systems = sounddevice.query_hostapis()
    return [
        InputDevice(
            number,
            found["name"],
            systems[found["hostapi"]]["name"],
            found["max_input_channels"],
            found["default_samplerate"],
        )
        for number, found in enumerate(sounddevice.query_devices())
        if found["max_input_channels"] > 0
    ]


def find_device(wanted: str) -> InputDevice:
    """A device by number, or by a part of its name that only one has. Raises AudioError."""
    devices = input_devices()
    if wanted.isdigit():
        named = [device for device in devices if device.number == int(wanted)]
    else:
        named = [device for device in devices if device.name == wanted] or [
            device for device in devices if wanted.lower() in device.name.lower()
        ]
    if len(named) == 1:
        return named[0]
    what = "no input device" if not named else f"{len(named)} input devices"
    raise AudioError(f"There is {what} called {wanted!r}; choose one from: seat capture --list")


class SoftphoneCapture:
    """Both legs of a softphone as one stream: channel 0 the far end (caller), channel 1 the agent's microphone.

    A context manager. Each device runs on a clock of its own: when one is ahead, or the other gives nothing, the other
    is filled with silence, so that neither leg ever waits for a dead one. Raises AudioError when one cannot be opened.
    """

    def __init__(self, far_end: InputDevice, microphone: InputDevice) -> None:
        self._devices = (far_end, microphone)
        self._stack = ExitStack()
        self._legs: list[_Leg] = []

    def __enter__(self) -> SoftphoneCapture:
        try:
            self._legs = [self._stack.enter_context(_Leg(device)) for device in self._devices]
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def frames(self) -> Iterator[Samples]:
        """float32 (2, 320) at 16 kHz, one each 20 ms, for as long as it is iterated. Blocks until the next is due."""
        last_sound = time.monotonic()
        while True:
            waiting = [leg.waiting() for leg in self._legs]
            if min(waiting) >= FRAME or max(waiting) >= PATIENCE * SAMPLE_RATE:
                last_sound = time.monotonic()
                yield np.stack([leg.take(FRAME) for leg in self._legs])
            elif time.monotonic() - last_sound > DEAD_AFTER:
                raise AudioError(
                    f"No sound has come from either device for {DEAD_AFTER:.0f} s; are they still plugged in?"
                )
            else:
                time.sleep(0.005)


class _Leg:
    """One device, recording."""

    def __init__(self, device: InputDevice) -> None:
        self._device = device
        self._blocks: queue.SimpleQueue[Samples] = queue.SimpleQueue()
        self._ready = np.zeros(0, dtype=np.float32)

    def __enter__(self) -> _Leg:
        sounddevice = _sounddevice()
        number = self._device.number
        try:
            rate = SAMPLE_RATE if _takes(number, SAMPLE_RATE) else int(self._device.rate)
            self._resampler = Resampler(rate)
            self._stream = sounddevice.InputStream(
                device=number, channels=1, samplerate=rate, dtype="float32", callback=self._record
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise AudioError(f"{self._device.name} cannot be opened: {error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def waiting(self) -> int:
        """Samples that can be taken."""
        while not self._blocks.empty():
            self._ready = np.concatenate([self._ready, self._resampler.feed(self._blocks.get())])
        return len(self._ready)

    def take(self, count: int) -> Samples:
        """The next `count` samples, silence where there are none."""
        taken, self._ready = self._ready[:count], self._ready[count:]
        return np.pad(taken, (0, count - len(taken)))

    def _record(self, block: Samples, frames: int, when: Any, status: Any) -> None:
        self._blocks.put(block[:, 0].copy())


def _takes(number: int, rate: int) -> bool:
    sounddevice = _sounddevice()
    try:
        sounddevice.check_input_settings(device=number, channels=1, samplerate=rate, dtype="float32")
    except sounddevice.PortAudioError:
        return False
    return True


def _sounddevice() -> Any:
    try:
        import sounddevice  # noqa: PLC0415  (loads the system's PortAudio, which only capture needs)
    except OSError as error:
        raise AudioError("PortAudio is not installed; on Debian: apt-get install libportaudio2") from error
    return sounddevice
