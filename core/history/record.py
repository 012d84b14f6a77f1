"""What came out of a version: its render record `vNNN.json`, and `vNNN.sha256`, its frames for `sha256sum -c`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from core.errors import ShowError
from core.files import one_line, safe_text, sha256_bytes

SCHEMA = 1
_ROW = re.compile(r"(\\?)([0-9a-f]{64}) [ *]([^\n]+)\n")
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class UsedModel:
    """A model that made pixels. `sha256` is over its weights."""

    id: str
    revision: str
    sha256: str
    licence: str
    training_data: str = ""
    """What the show's register says that it was trained on."""


@dataclass(frozen=True, slots=True)
class Reuse:
    """How many frames of a step were computed, how many taken from the store, and which versions made those."""

    made: int
    reused: int
    source: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """The render record of one version, written once: when it is complete, or when a person abandons it."""

    shot: str
    version: str
    state: Literal["complete", "abandoned"]
    at: str
    """When it was written, ISO 8601."""
    asked_by: str
    """`Name <mail>`."""
    recipe: str
    """`sha256:…` of the recipe's text."""
    range: tuple[int, int]
    """First and last shot frame of the recipe."""
    count: int
    """Master frames that exist; less than the range holds only where abandoned."""
    size: tuple[int, int]
    """Width, height in pixels."""
    type: str
    """`half`, `float` or `uint16`."""
    colour: str
    media: str
    """The master frames: a printf pattern relative to the media root."""
    layers: Mapping[str, str] = field(default_factory=dict)
    """Layer → printf pattern."""
    review: Mapping[str, str] = field(default_factory=dict)
    """The review movie, where the recipe asked for one: `path` relative to the media root, `sha256`."""
    frame_list: str = ""
    """sha256 of the manifest's text: of the file `vNNN.sha256`."""
    pixels: Mapping[int, str] = field(default_factory=dict)
    """Master frame → digest of its decoded pixels: headers may differ, pixels do not."""
    facts: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Frame → what operations noted about it (effective sampling steps)."""
    models: tuple[UsedModel, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    """GPU, driver, versions, dtype, attention, threads, batch, host, tool commit."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Per stage: decode, model, comp, encode."""
    peak_memory: Mapping[str, int] = field(default_factory=dict)
    """Bytes: `host`, `gpu`."""
    attempts: int = 1
    measured: Mapping[str, Any] = field(default_factory=dict)
    """Share of pixels changed against the plate, flicker, NaN count, each operation's own measurements."""
    reuse: Mapping[str, Reuse] = field(default_factory=dict)
    """Per step."""
    phases: tuple[str, ...] = ()
    iptc: str = ""
    promise_end: str = ""
    """The step after which pixels outside the matte are no longer the plate's; empty: the promise holds."""
    notes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys of other programs, kept."""


def record_text(record: Record) -> str:
    """The record as JSON, the same text for the same record. Numbers JSON cannot hold become "NaN", "Infinity"."""
    data = {"schema": SCHEMA, **{item.name: getattr(record, item.name) for item in fields(record)}}
    extra = data.pop("extra")
    return json.dumps(_plain(data | dict(extra)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(value: Any, top: bool = True) -> Any:
    """Values as JSON has them: text safe to show, mappings sorted (frames by number), top keys as they come."""
    if isinstance(value, (UsedModel, Reuse)):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        keys = list(value) if top else sorted(value, key=lambda key: (isinstance(key, str), key))
        return {safe_text(str(key)): _plain(value[key], top=False) for key in keys}
    if isinstance(value, (list, tuple)):
        return [_plain(item, top=False) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return safe_text(value, keep_newlines=True) if isinstance(value, str) else value


def read_record(text: str | bytes, where: str) -> Record:
    """Read what `record_text` wrote; unknown keys are kept in `extra`.

    Raises ShowError that names `where`: not a record, or one of a newer schema.
    """
    try:
        data = json.loads(text)
        if (schema := data.pop("schema")) != SCHEMA:
            raise ShowError(
                f"This render record was written by a newer rushes (schema {one_line(str(schema))}).",
                where=where,
                todo="Update rushes.",
            )
        known = {item.name for item in fields(Record)} - {"extra"}
        extra = {key: data.pop(key) for key in list(data) if key not in known}
        for key in ("range", "size", "phases", "notes"):
            data[key] = tuple(data[key])
        for key in ("pixels", "facts"):
            data[key] = {int(frame): value for frame, value in data[key].items()}
        data["models"] = tuple(UsedModel(**model) for model in data["models"])
        data["reuse"] = {
            step: Reuse(row["made"], row["reused"], tuple(row["source"])) for step, row in data["reuse"].items()
        }
        return Record(**data, extra=extra)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ShowError(
            f"This is not a render record: {one_line(str(error))}.",
            where=where,
            todo="Compare it with what was committed: git diff HEAD -- FILE.",
        ) from error


def manifest_text(rows: Iterable[tuple[str, str]]) -> str:
    """The frames of a version for `sha256sum -c`, run in the media root: rows of (sha256, relative path), by path.

    Back slashes and line ends in names are escaped as GNU coreutils does. Raises ValueError: a path twice, or outside.
    """
    found = sorted(rows, key=lambda row: row[1])
    paths = [path for _, path in found]
    outside = [path for path in paths if path.startswith("/") or {"", ".", ".."} & set(path.split("/"))]
    if outside or len(set(paths)) != len(paths):
        raise ValueError(f"not the files of one media root: {outside or 'a path twice'}")
    return "".join(_row(sha, path) for sha, path in found)


def _row(sha: str, path: str) -> str:
    name = "".join(_ESCAPES.get(char, char) for char in path)
    mark = "" if name == path else "\\"
    return f"{mark}{sha}  {name}\n"


def read_manifest(text: str, where: str) -> tuple[tuple[str, str], ...]:
    """The rows of (sha256, path) of a manifest. Raises ShowError that names the line."""
    rows: list[tuple[str, str]] = []
    back = {escaped: char for char, escaped in _ESCAPES.items()}
    for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", text), 1):
        match = _ROW.fullmatch(line)
        if match is None:
            raise ShowError(
                "A line of this manifest is not in the form of sha256sum.",
                where=f"{where}:{number}",
                todo="Compare it with what was committed: git diff HEAD -- FILE.",
            )
        name = re.sub(r"\\.", lambda found: back.get(found[0], found[0]), match[3]) if match[1] else match[3]
        rows.append((match[2], name))
    return tuple(rows)


def frame_list_digest(manifest: str) -> str:
    """The digest of a version's frame list: sha256 of its manifest, as `sha256sum vNNN.sha256` prints it."""
    return sha256_bytes(manifest.encode())
