"""[PIL] Type for pictures: one face (Aileron, CC0, which Pillow carries), never a box where a letter should be."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from core.files import one_line

_INSTEAD = str.maketrans({"–": "-", "—": "-", "−": "-", "‑": "-", "→": ">", "×": "x", "‘": "'", "’": "'"})
"""Signs that the face lacks and that have a plain form."""


@lru_cache(maxsize=32)
def font(size: int) -> Any:
    """The face at a size in pixels."""
    from PIL import ImageFont

    return ImageFont.load_default(size)


def clipped(draw: Any, text: str, size: int, width: int) -> str:
    """The text on one line, cut with an ellipsis where it is wider than the place for it."""
    text = written(text)
    if draw.textlength(text, font=font(size)) <= width:
        return text
    while text and draw.textlength(text + "…", font=font(size)) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def written(text: str) -> str:
    """Text on one line in characters that the face has: accents it lacks are dropped, other letters become `?`."""
    return "".join(map(_letter, one_line(text, 2000).translate(_INSTEAD)))


@lru_cache(maxsize=4096)
def _letter(char: str) -> str:
    if char == " " or _has(char):
        return char
    plain = "".join(part for part in unicodedata.normalize("NFKD", char) if not unicodedata.combining(part))
    return plain if plain != char and all(map(_has, plain)) else "?"


def _has(char: str) -> bool:
    return bytes(font(16).getmask(char)) != _absent()


@lru_cache(maxsize=1)
def _absent() -> bytes:
    """The face's picture of a character that it does not have."""
    return bytes(font(16).getmask("\uffff"))
