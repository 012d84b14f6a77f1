"""A shot and its plate as frozen values, and their text: `shot.toml`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from core.errors import BadInput, ShowError
from core.files import canonical_json, check_name, one_line, sha256_bytes
from core.frames import ANCHOR, FrameRange, format_rate, rate_of

SCHEMA = 1
_HELD = 1_000_000
"""A still has a picture for every shot frame: this many either side of 1001."""


@dataclass(frozen=True, slots=True)
class Plate:
    """The original picture of a shot. Media indexes: a movie's from 0, a sequence's file numbers, a still's 0."""

    path: str
    """Relative to the show, or whole as the site that wrote it has it (`Layout.find` knows where it lies here); a
    sequence as a printf pattern (`dir/name.%04d.exr`)."""
    kind: Literal["movie", "sequence", "still"]
    media: FrameRange
    """The media indexes that exist."""
    offset: int
    """The anchor: shot frame = media index + offset. Written once, never changed."""
    rate: Fraction
    width: int
    height: int
    pixel_aspect: Fraction = Fraction(1)
    channels: int = 3
    colour: str = ""
    alpha: Literal["none", "straight", "premultiplied"] = "none"
    layer: str = ""
    timecode: int | None = None
    """Frames since midnight of `media.first`; None: the media carry none."""
    drop: bool = False
    reel: str = ""
    sha256: str = ""
    """Of the file; of a sequence `sequence_digest`, over the whole range as it was at the turnover."""

    @property
    def frames(self) -> FrameRange:
        """The shot frames that have a picture; a still has one everywhere."""
        if self.kind == "still":
            return FrameRange(ANCHOR - _HELD, ANCHOR + _HELD)
        return FrameRange(self.media.first + self.offset, self.media.last + self.offset)

    def index(self, frame: int) -> int:
        """The media index of a shot frame."""
        return self.media.first if self.kind == "still" else frame - self.offset


@dataclass(frozen=True, slots=True)
class Use:
    """One clip of a cut that shows the shot."""

    cut: str
    clip_id: str
    track: str
    name: str
    first: int
    """The shot frames that it needs, `first` to `last`: transitions, retimes and parents are composed in."""
    last: int
    record: int
    """The frame of the cut where it starts; the cut's first frame is 0."""
    duration: int
    """Frames of the cut that it fills, without transitions."""
    enabled: bool = True
    retime: str = ""
    """`""` none, else in words: `2x`, `reverse`, `freeze`."""


@dataclass(frozen=True, slots=True)
class Shot:
    """Everything `shot.toml` says."""

    id: str
    plate: Plate | None
    uses: tuple[Use, ...]
    handles: tuple[int, int] = (8, 8)
    missing: str = ""
    """Why there is no usable plate."""
    origination: str = ""
    likeness: str = "none"
    consent: str = ""
    cdl: tuple[float, ...] = ()
    """How it is looked at, ASC CDL: slope, offset and power (RGB each), saturation; empty for none."""
    lut: str = ""
    source: tuple[tuple[str, str], ...] = ()
    """What the camera log says of its take, column by column in the log's words: scene, take, lens …"""

    @property
    def cut_range(self) -> FrameRange:
        """The union over its uses; disabled ones count only where nothing else uses the shot."""
        uses = [use for use in self.uses if use.enabled] or self.uses
        if not uses:
            return FrameRange(ANCHOR, ANCHOR - 1)
        return FrameRange(min(use.first for use in uses), max(use.last for use in uses))

    @property
    def poster(self) -> int:
        """The frame that stands for the shot, three quarters in: by then a move has found its picture."""
        return self.cut_range.first + 3 * len(self.cut_range) // 4

    @property
    def range(self) -> FrameRange:
        """The frames to render: `cut_range` grown by the handles, as far as the plate has them."""
        grown = self.cut_range.grow(*self.handles) if self.uses else self.cut_range
        return grown.intersect(self.plate.frames) if self.plate else grown


def sequence_digest(files: Iterable[tuple[int, str]]) -> str:
    """One digest over a sequence's (number, sha256 of the file), in order of number."""
    return sha256_bytes(canonical_json([[number, sha] for number, sha in sorted(files)]).encode())


# Text


def shot_text(shot: Shot) -> str:
    """The canonical TOML of a shot: the same shot gives the same bytes. `read_shot` reads it back as it was."""
    lines = [f"schema = {SCHEMA}", *_lines(shot, skip=("plate", "uses", "source"))]
    if shot.plate is not None:
        lines += ["", "[plate]", *_lines(shot.plate)]
    if shot.source:
        lines += ["", "[source]", *(f"{_toml(name)} = {_toml(text)}" for name, text in shot.source)]
    for use in shot.uses:
        lines += ["", "[[use]]", *_lines(use)]
    return "\n".join(lines) + "\n"


def _lines(value: Plate | Use | Shot, skip: tuple[str, ...] = ()) -> Iterator[str]:
    for field in fields(value):
        item = getattr(value, field.name)
        if field.name not in skip and item is not None:
            yield f"{field.name} = {_toml(item)}"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, FrameRange):
        return f"[{value.first}, {value.last}]"
    if isinstance(value, Fraction):
        return f'"{format_rate(value)}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, (int, float)):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def read_shot(path: Path) -> Shot:
    """Read a `shot.toml`.

    Raises:
        ShowError: names the file and the key.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ShowError(f"The shot cannot be read: {one_line(str(error))}.", where=str(path)) from error
    where = str(path)
    if data.pop("schema", None) != SCHEMA:
        raise ShowError("This shot was written by another rushes.", where=f"{where}: schema", todo="Update rushes.")
    plate, uses = data.pop("plate", None), data.pop("use", [])
    values = {
        **data,
        "plate": None if plate is None else Plate(**_checked(Plate, plate, f"{where}: plate")),
        "uses": tuple(Use(**_checked(Use, use, f"{where}: use {n}")) for n, use in enumerate(_tables(uses, where), 1)),
    }
    return Shot(**_checked(Shot, values, where))


def _tables(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ShowError("`use` is not a list of tables.", where=where, todo="Write each as [[use]].")
    return value


def _checked(kind: type[Plate | Use | Shot], table: Any, where: str) -> dict[str, Any]:
    """`table` as the fields of `kind`. Raises ShowError for a key that is unknown, missing or of the wrong type."""
    known = {field.name: field for field in fields(kind)}
    if not isinstance(table, Mapping):
        raise ShowError("Not a table.", where=where)
    for key in table:
        if key not in known:
            raise ShowError(f"Unknown key {one_line(key)!r}.", where=where, todo=f"Allowed: {', '.join(known)}.")
    for name, field in known.items():
        if name not in table and field.default is MISSING:
            raise ShowError(f"`{name}` is missing.", where=where)
    return {key: _value(key, str(known[key].type), item, where) for key, item in table.items()}


def _value(key: str, kind: str, item: Any, where: str) -> Any:
    """One value as its field's type says."""
    try:
        return _convert(kind, item) if key != "id" else check_name(item, "shot id")
    except (TypeError, ValueError, BadInput) as error:
        raise ShowError(f"`{key}` is not usable: {one_line(repr(item), 60)}.", where=where) from error


def _convert(kind: str, item: Any) -> Any:
    if kind == "FrameRange":
        first, last = map(_whole, item)
        return FrameRange(first, last)
    if kind == "Fraction":
        return rate_of(_of(str, item))
    if kind == "tuple[int, int]":
        head, tail = map(_whole, item)
        if head < 0 or tail < 0:
            raise ValueError(item)
        return head, tail
    if kind == "tuple[tuple[str, str], ...]":
        return tuple((name, _of(str, text)) for name, text in _of(dict, item).items())
    if kind == "tuple[float, ...]":
        return tuple(float(number) for number in item)
    if kind.startswith("Literal"):
        if f"'{item}'" not in kind and f'"{item}"' not in kind:
            raise ValueError(item)
        return item
    simple: dict[str, type] = {"str": str, "bool": bool, "int": int, "int | None": int}
    return _of(simple[kind], item) if kind in simple else item


def _of(kind: type, item: Any) -> Any:
    if type(item) is not kind:
        raise TypeError(item)
    return item


def _whole(item: Any) -> int:
    value: int = _of(int, item)
    return value
