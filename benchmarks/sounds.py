"""Sounds of a telephone line that are no speech: tones, noises, music, a room. Synthesised, the same for the same seed.

All are 8 kHz float32 in -1..1, coded as G.711 mu-law codes them. Babble far away is the only one made of speech:
many voices of given recordings at once, dull, reverberant and quiet, so that no word of it can be understood.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

RATE = 8_000
SEED = 12345
EDGE_SECONDS = 0.6
"""Line noise before and after each sound."""

Samples = npt.NDArray[np.float32]
Wave = npt.NDArray[np.float64]
Make = Callable[[np.random.Generator, int], Wave]
"""(random numbers, samples wanted) -> the sound, at any level."""


@dataclass(frozen=True)
class Sound:
    """A sound by name; `samples` at 8 kHz."""

    name: str
    samples: Samples

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.samples) / RATE


def assorted(seconds: float, voices: Sequence[Samples] = ()) -> list[Sound]:
    """All sounds, `seconds` altogether; `voices` (8 kHz, speech) become the babble, which is left out without them."""
    makers = [*_MAKERS]
    if voices:
        makers += [(f"babble far away {level} dB", level, _babble(voices)) for level in (-35, -40, -45)]
    count = int(seconds * RATE / len(makers))
    sounds = []
    for number, (name, level, make) in enumerate(makers):
        rng = np.random.default_rng([SEED, number])
        samples = at_level(make(rng, count), level)
        edge = line_noise(int(EDGE_SECONDS * RATE)) * samples.any()
        sounds.append(Sound(name, np.concatenate([edge, g711(samples), edge])))
    return sounds


def line_noise(count: int) -> Samples:
    """What a quiet line sounds like: noise at -65 dBFS."""
    return g711(_noise(np.random.default_rng(SEED), count) * 10 ** (-65 / 20))


def at_level(samples: Wave, level: float) -> Wave:
    """Brought to `level` dBFS (root mean square of the tenth that is loudest), peaks limited."""
    if not samples.any():
        return samples
    frames = np.sort(np.mean(samples[: max(1, len(samples) // 160) * 160].reshape(-1, min(160, len(samples))) ** 2, 1))
    loudest = np.sqrt(np.mean(frames[-max(1, len(frames) // 10) :]))
    return np.asarray(np.tanh(samples / loudest * 10 ** (level / 20)))


def g711(samples: npt.NDArray[np.floating]) -> Samples:
    """Coded by mu-law and back."""
    packed = np.sign(samples) * np.log1p(255 * np.clip(np.abs(samples), 0, 1)) / np.log1p(255)
    coded = np.round(packed * 127) / 127
    return (np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(255)) / 255).astype(np.float32)


# Building blocks


def _time(count: int) -> Wave:
    return np.arange(count) / RATE


def _noise(rng: np.random.Generator, count: int) -> Wave:
    return rng.standard_normal(count)


def _band(samples: Wave, low: float, high: float) -> Wave:
    filtered: Wave = signal.sosfilt(signal.butter(2, (low, high), "band", fs=RATE, output="sos"), samples)
    return filtered


def _slow(rng: np.random.Generator, count: int, hertz: float) -> Wave:
    """A random curve between 0 and 1 that turns about `hertz` times a second."""
    points = rng.random(max(4, int(count / RATE * hertz) + 4))
    return np.interp(np.linspace(0, len(points) - 1, count), np.arange(len(points)), points)


def _tones(count: int, *hertz: float) -> Wave:
    return np.sum([np.sin(2 * np.pi * pitch * _time(count)) for pitch in hertz], axis=0)


def _cadence(samples: Wave, on: float, off: float) -> Wave:
    return np.where(_time(len(samples)) % (on + off) < on, samples, 0.0)


def _gliding(pitch: Wave, harmonics: int = 1, falling: float = 1.0) -> Wave:
    """Harmonics over a pitch that moves (Hz, one a sample)."""
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    parts = [np.where(pitch * n < 3600, np.sin(n * phase), 0) / n**falling for n in range(1, harmonics + 1)]
    return np.sum(parts, axis=0)


def _scattered(
    rng: np.random.Generator, count: int, every: tuple[float, float], event: Callable[[], Wave], echo: float = 0.0
) -> Wave:
    """`event()` again and again, `every` so many seconds (least, most), each as loud as it happens to be."""
    samples = np.zeros(count + 4 * RATE)
    place = int(0.05 * RATE)
    while place < count:
        one = event() * rng.uniform(0.4, 1.0)
        samples[place : place + len(one)] += one[: len(samples) - place]
        place += int(rng.uniform(*every) * RATE)
    return _room(rng, samples, echo)[:count] if echo else samples[:count]


def _room(rng: np.random.Generator, samples: Wave, seconds: float) -> Wave:
    tail = _noise(rng, int(seconds * RATE)) * np.exp(-6.9 * np.linspace(0, 1, int(seconds * RATE)))
    tail[0] += 3
    wet: Wave = signal.fftconvolve(samples, tail)[: len(samples)]
    return wet


def _decay(seconds: float, fade: float) -> Wave:
    return np.exp(-_time(int(seconds * RATE)) / fade)


# Tones of the network


def _hum(rng: np.random.Generator, count: int) -> Wave:
    return _gliding(np.full(count, 50.0), 12, 0.7) + 0.02 * _noise(rng, count)


def _dtmf(rng: np.random.Generator, count: int) -> Wave:
    def key() -> Wave:
        length = int(rng.uniform(0.07, 0.2) * RATE)
        return _tones(length, rng.choice([697, 770, 852, 941]), rng.choice([1209, 1336, 1477]))

    return _scattered(rng, count, (0.15, 0.6), key)


def _fax(rng: np.random.Generator, count: int) -> Wave:
    time = _time(count)
    calling = _cadence(_tones(count, 1100), 0.5, 3.0)
    answer = np.where(time % 8 > 4, _tones(count, 2100), 0)
    bits = np.repeat(rng.integers(0, 2, count // 26 + 1), 26)[:count]
    data = np.where(time % 8 > 6, _gliding(np.where(bits == 1, 1650.0, 1850.0)), 0)
    return calling + np.where(time % 8 > 6, data, answer)


def _modem(rng: np.random.Generator, count: int) -> Wave:
    symbols = np.repeat(rng.integers(0, 4, count // 7 + 1), 7)[:count]
    return np.cos(2 * np.pi * 1800 * _time(count) + np.pi / 2 * symbols) + 0.05 * _noise(rng, count)


def _special_information(rng: np.random.Generator, count: int) -> Wave:
    pitch = np.select([(_time(count) % 2 < edge) for edge in (0.33, 0.66, 1.0)], [950.0, 1400.0, 1800.0], 0.0)
    return np.where(pitch > 0, _gliding(pitch), 0)


# Music

_SCALES = ((0, 2, 4, 7, 9), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 5, 7, 9, 11))


def _music(tempo: float, root: float, scale: int, harmonics: int, falling: float, drums: float, pluck: float) -> Make:
    """A melody over chords and a bass; `tempo` in notes a second, `pluck` in seconds until a note has died away."""

    def make(rng: np.random.Generator, count: int) -> Wave:
        step = int(RATE / tempo)
        steps = count // step + 1
        samples = np.zeros(count + 4 * RATE)
        degrees = _SCALES[scale]
        place = 0
        for number in range(steps):
            place = int(np.clip(place + rng.integers(-2, 3), -3, 8))
            notes = [(place, 1.0, 1)] if rng.random() < 0.8 else []
            if number % 4 == 0:
                base = int(rng.choice([0, 3, 4, 5]))
                notes += [(base - len(degrees) + third, 0.35, 4) for third in (0, 2, 4)] + [(base - 14, 0.6, 4)]
            for degree, loud, length in notes:
                octave, within = divmod(degree, len(degrees))
                pitch = root * 2 ** (octave + degrees[within] / 12)
                size = length * step + int(0.3 * RATE)
                vibrato = pitch * (1 + 0.004 * np.sin(2 * np.pi * 5.5 * _time(size)))
                tone = _gliding(vibrato, harmonics, falling) * np.minimum(1, _time(size) / 0.02)
                samples[number * step :][:size] += loud * tone * np.exp(-_time(size) / pluck)
            if drums:
                hit = _noise(rng, step) * np.exp(-_time(step) / (0.02 if number % 2 else 0.06))
                kick = np.sin(2 * np.pi * 90 * _time(step)) * np.exp(-_time(step) / 0.08)
                samples[number * step :][:step] += drums * (0.5 * hit if number % 2 else kick + 0.2 * hit)
        return samples[:count]

    return make


# The room and the headset


def _typing(rng: np.random.Generator, count: int) -> Wave:
    def stroke() -> Wave:
        click = _noise(rng, 800) * (_decay(0.1, 0.003) + 0.4 * np.roll(_decay(0.1, 0.006), int(rng.uniform(300, 600))))
        return _band(click, rng.uniform(400, 1200), 3400)

    return _scattered(rng, count, (0.06, 0.3), stroke)


def _clicks(rng: np.random.Generator, count: int) -> Wave:
    return _scattered(rng, count, (0.4, 2.0), lambda: _band(_noise(rng, 240) * _decay(0.03, 0.002), 800, 3500))


def _breath(rng: np.random.Generator, count: int) -> Wave:
    def one() -> Wave:
        length = int(rng.uniform(0.6, 1.8) * RATE)
        return _band(_noise(rng, length), 200, rng.uniform(900, 2400)) * np.hanning(length) ** 0.7

    return _scattered(rng, count, (1.5, 3.5), one)


def _cough(rng: np.random.Generator, count: int) -> Wave:
    def one() -> Wave:
        length = int(rng.uniform(0.25, 0.45) * RATE)
        fade = np.exp(-_time(length) / 0.09)
        voice = _gliding(np.linspace(rng.uniform(180, 320), 110, length), 14, 0.6)
        return fade * (_band(_noise(rng, length), 300, 2600) + 0.3 * voice * fade)

    return _scattered(rng, count, (0.5, 2.5), one)


def _rubbing(rng: np.random.Generator, count: int) -> Wave:
    return _band(_noise(rng, count), 80, 1800) * _slow(rng, count, 6) ** 3 + 0.6 * _clicks(rng, count)


def _wind(rng: np.random.Generator, count: int) -> Wave:
    return _band(_noise(rng, count), 40, 500) * _slow(rng, count, 1.5) ** 2


def _traffic(rng: np.random.Generator, count: int) -> Wave:
    passing = _slow(rng, count, 0.4) ** 2
    engine = _gliding(60 + 25 * _slow(rng, count, 0.5), 20, 0.8)
    return _band(_noise(rng, count), 50, 900) * (0.3 + passing) + 0.2 * engine * passing


def _horn(rng: np.random.Generator, count: int) -> Wave:
    return _scattered(
        rng, count, (0.8, 2.5), lambda: np.tanh(2 * _tones(int(rng.uniform(0.2, 0.9) * RATE), 410, 515)), 0.4
    )


def _engine(rng: np.random.Generator, count: int) -> Wave:
    return _gliding(95 + 30 * _slow(rng, count, 0.7), 30, 0.4) + 0.3 * _band(_noise(rng, count), 100, 2500)


def _siren(rng: np.random.Generator, count: int) -> Wave:
    return _gliding(650 + 350 * np.sin(2 * np.pi * 0.4 * _time(count)), 4, 1.2)


def _crying(rng: np.random.Generator, count: int) -> Wave:
    def one() -> Wave:
        length = int(rng.uniform(0.6, 1.4) * RATE)
        bow = np.sin(np.linspace(0.2, np.pi - 0.3, length))
        voice = _gliding(rng.uniform(380, 460) + 130 * bow + 8 * _noise(rng, length), 7, 0.4)
        return _band(voice, 800, 3400) * bow

    return _scattered(rng, count, (1.2, 2.2), one)


def _barking(rng: np.random.Generator, count: int) -> Wave:
    def one() -> Wave:
        length = int(rng.uniform(0.12, 0.25) * RATE)
        voice = _gliding(np.linspace(rng.uniform(500, 700), 300, length), 8, 0.5)
        return (voice + 0.8 * _band(_noise(rng, length), 400, 2500)) * np.hanning(length)

    return _scattered(rng, count, (0.35, 1.5), one, 0.3)


def _birds(rng: np.random.Generator, count: int) -> Wave:
    def one() -> Wave:
        length = int(rng.uniform(0.06, 0.2) * RATE)
        return _gliding(np.linspace(rng.uniform(1800, 3000), rng.uniform(1800, 3300), length)) * np.hanning(length)

    return _scattered(rng, count, (0.1, 0.9), one)


def _steps(rng: np.random.Generator, count: int) -> Wave:
    return _scattered(rng, count, (0.45, 0.65), lambda: _band(_noise(rng, 1600) * _decay(0.2, 0.025), 70, 800), 0.25)


def _door(rng: np.random.Generator, count: int) -> Wave:
    def one() -> Wave:
        creak = _gliding(300 + 250 * _slow(rng, 6400, 8), 10, 0.5) * np.hanning(6400) * 0.3
        return np.concatenate([creak, _band(_noise(rng, 4000) * _decay(0.5, 0.05), 60, 1500) * 3])

    return _scattered(rng, count, (2.0, 4.0), one, 0.3)


def _water(rng: np.random.Generator, count: int) -> Wave:
    def drop() -> Wave:
        pitch = rng.uniform(500, 1800)
        return np.sin(2 * np.pi * (pitch + 4000 * _time(640)) * _time(640)) * _decay(0.08, 0.015)

    return 0.3 * _band(_noise(rng, count), 300, 3300) + _scattered(rng, count, (0.01, 0.1), drop)


def _lost_packets(rng: np.random.Generator, count: int) -> Wave:
    frames = np.repeat(rng.random(count // 160 + 1) < 0.15, 160)[:count]
    return np.diff(frames, prepend=False) * 4.0 + 0.02 * _noise(rng, count) * ~frames


def _comfort(rng: np.random.Generator, count: int) -> Wave:
    steps = np.repeat(rng.uniform(0.6, 1.0, count // 800 + 1), 800)[:count]
    return _band(_noise(rng, count), 200, 1500) * steps


def _babble(voices: Sequence[Samples]) -> Make:
    """Sixteen pieces of `voices` at once, half of them backwards, through a wall and a hall."""

    def make(rng: np.random.Generator, count: int) -> Wave:
        mixed = np.zeros(count)
        for number in range(16):
            voice = voices[int(rng.integers(len(voices)))].astype(np.float64)
            voice = np.roll(np.resize(voice, count), int(rng.integers(count)))
            mixed += voice[:: -1 if number % 2 else 1] / (np.std(voice) + 1e-9)
        dull: Wave = signal.sosfilt(signal.butter(4, 1200, fs=RATE, output="sos"), mixed)
        return _room(rng, dull, 0.9)

    return make


_MAKERS: tuple[tuple[str, float, Make], ...] = (
    ("digital silence", 0.0, lambda rng, count: np.zeros(count)),
    ("line noise -65 dB", -65, _noise),
    ("line noise -50 dB", -50, _noise),
    ("line noise -35 dB", -35, _noise),
    ("hum 50 Hz", -30, _hum),
    ("comfort noise", -50, _comfort),
    ("lost packets", -30, _lost_packets),
    ("ringback 450 Hz", -18, lambda rng, count: _cadence(_tones(count, 450), 1, 4)),
    ("dial tone 450 Hz", -18, lambda rng, count: _tones(count, 450)),
    ("busy tone 450 Hz", -18, lambda rng, count: _cadence(_tones(count, 450), 0.35, 0.35)),
    ("special information tones", -18, _special_information),
    ("DTMF", -12, _dtmf),
    ("fax", -15, _fax),
    ("modem", -18, _modem),
    ("hold music: strings", -20, _music(2.5, 262, 0, 10, 0.9, 0.0, 1.5)),
    ("hold music: guitar", -20, _music(4, 196, 1, 12, 1.0, 0.0, 0.35)),
    ("hold music: band", -18, _music(5, 220, 2, 8, 0.8, 0.8, 0.4)),
    ("hold music: organ", -18, _music(3, 294, 1, 6, 0.4, 0.3, 3.0)),
    ("hold music: music box", -22, _music(3.5, 523, 0, 3, 1.5, 0.0, 0.6)),
    ("typing", -28, _typing),
    ("mouse clicks", -30, _clicks),
    ("breath", -25, _breath),
    ("breath, close", -14, _breath),
    ("cough", -15, _cough),
    ("rubbing", -20, _rubbing),
    ("wind", -18, _wind),
    ("traffic", -22, _traffic),
    ("horn", -18, _horn),
    ("engine", -20, _engine),
    ("siren", -20, _siren),
    ("crying", -20, _crying),
    ("barking", -18, _barking),
    ("birds", -25, _birds),
    ("footsteps", -28, _steps),
    ("door", -22, _door),
    ("water", -25, _water),
)  # name, dBFS, how it is made
