"""The sample show: a short cut over real pictures. `CREDITS.md` says whose they are."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """Where the sample lies on this machine: `cut.otio`, and `media/` beside it."""
    return Path(__file__).resolve().parent
