"""The guide track: a room, then a slow chord that comes from nowhere and goes. Original work, CC0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 48000
NOTES = (55.0, 82.4, 110.0, 164.8, 246.9, 329.6, 493.9, 659.3, 987.8, 1480.0)
"""A chord on A that is neither major nor minor, in hertz; the last three only among the stars."""
Samples = NDArray[np.floating[Any]]


def siesta(seconds: float) -> Samples:
    """(N,) samples, −1 … 1, as long as the cut: the dream lasts from 3.6 to 14.1 seconds."""
    time = np.arange(round(seconds * RATE)) / RATE
    asleep = _swell(time, 3.4, 5.4) * (1 - _swell(time, 13.7, 14.15))
    voices = [_voice(time, note, number) for number, note in enumerate(NOTES)]
    chord, high = sum(voices[:7]), sum(voices[7:])
    engine = _rumble(time) * _swell(time, 5.0, 6.4) * (1 - _swell(time, 6.6, 7.4))
    mix = 0.010 * _air(time) * (1 - 0.6 * asleep) + asleep * (0.075 * chord + 0.05 * high * _swell(time, 9.0, 11.0))
    mix = mix + 0.16 * engine
    ends = _swell(time, 0.0, 0.3) * (1 - _swell(time, seconds - 0.5, seconds))
    return np.asarray(np.tanh(1.2 * mix * ends) * 0.7, np.float32)


def _swell(time: Samples, first: float, last: float) -> Samples:
    part = ((time - first) / (last - first)).clip(0, 1)
    return part * part * (3 - 2 * part)


def _voice(time: Samples, note: float, number: int) -> Samples:
    """Two strings a little apart, so that they beat, and a breath of their own."""
    breath = 0.6 + 0.4 * np.sin(2 * np.pi * (0.07 + 0.013 * number) * time + number)
    apart = 1 + 0.0021 * (1 + number % 3)
    pair = np.sin(2 * np.pi * note * time + number) + np.sin(2 * np.pi * note * apart * time + 2 * number)
    return np.asarray(pair * breath / (1 + 0.35 * number))


def _air(time: Samples) -> Samples:
    """A quiet room: noise without its highs."""
    return _low(time, 61, 0.985) * 6


def _rumble(time: Samples) -> Samples:
    return _low(time, 1969, 0.9965) * 14


def _low(time: Samples, seed: int, hold: float) -> Samples:
    """Noise through a one-pole low-pass filter, twice."""
    from scipy import signal

    noise = np.random.default_rng(seed).standard_normal(len(time))
    for _ in range(2):
        noise = signal.lfilter([1 - hold], [1, -hold], noise)
    return np.asarray(noise * np.sqrt((1 + hold) / (1 - hold)) / 6)
