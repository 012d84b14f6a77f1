"""Where a clip says which shot it is: its name, a marker, an EDL's comment, its reel, or a studio's metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_ENDING = re.compile(r"\.\w{2,5}$")


def named(clip: Any, rule: str) -> str:
    """The shot that a clip names by a rule of rushes.toml (`Settings.shot_ids`); empty for none.

    Of a marker and of a comment it is the first word, as `SH0010 roto`; `metadata:a/b` is `b` in the dictionary `a`.
    """
    kind, _, keys = rule.partition(":")
    listed = _at(clip.metadata, ["cmx_3600"])
    if kind == "name":
        return _ENDING.sub("", clip.name)
    if kind == "marker":
        return _first([marker.name for marker in clip.markers])
    if kind == "comment":
        comments = _at(listed, ["comments"])
        return _first([] if comments is None or isinstance(comments, str) else comments)
    found = _at(listed, ["reel"]) if kind == "reel" else _at(clip.metadata, keys.split("/"))
    return found if isinstance(found, str) else ""


def _at(found: Any, keys: list[str]) -> Any:
    for key in keys:
        found = found[key] if isinstance(found, Mapping) and key in found else None
    return found


def _first(texts: list[Any]) -> str:
    """The first word of the first text that has one."""
    words = (text.split()[0] for text in texts if isinstance(text, str) and text.split())
    return next(words, "")
