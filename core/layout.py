"""Every path of a show, and its settings. No other module joins these names."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from core.errors import BadInput, ShowError
from core.files import is_safe, one_line
from core.frames import rate_of
from core.paths import NOWHERE, Places, is_absolute, places_of, spelled

SETTINGS = "rushes.toml"
MAIN = "main"
"""The cut that a show is made from; others (an episode, a trailer) come in beside it under names of their own."""
PLACE = "place.json"
GIT_ATTRIBUTES = "shots/** -text -filter\ncut/** -text -filter\npublish/** -text -filter\n"
DEFAULT_COLOUR_CONFIG = "ocio://studio-config-v2.1.0_aces-v1.3_ocio-v2.3"


@dataclass(frozen=True, slots=True)
class Settings:
    """`rushes.toml`: what people set for the whole show."""

    name: str
    id: str
    rate: Fraction
    handles: tuple[int, int] = (8, 8)
    share_gap: int = 48
    shot_ids: str = ""
    """Where clips say their shot: `name`, `marker`, `comment`, `reel`, `metadata:KEY`; empty: a name like a shot's."""
    media: str = ""
    """The media root, absolute or relative to the show; empty: `<show>.media` beside it."""
    colour_config: str = DEFAULT_COLOUR_CONFIG
    working_space: str = "ACEScg"
    display: str = ""
    """How pictures are looked at: a display of the config and a view of it; neither: sRGB, clipped."""
    view: str = ""
    cdl_space: str = "ACEScct"
    """The space that shots' CDLs are meant in."""
    threads: int = 0
    """Threads of the model stages; 0: all but one core. Recorded with every version."""
    steps_gb: float = 50.0
    """How much step outputs may fill under the media root; what was not used for longest goes first."""
    models: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The register: name → source, revision, sha256, licence, training_data, config."""
    paths: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Site → name → folder: where the same folders lie at each site. See `core.paths`."""


_MODEL_KEYS = {"source", "revision", "sha256", "licence", "training_data", "config"}
_KEYS = {
    "": {
        "schema",
        "name",
        "id",
        "rate",
        "handles",
        "share_gap",
        "media",
        "colour",
        "render",
        "models",
        "paths",
        "shots",
    },
    "colour": {"config", "working", "display", "view", "cdl"},
    "render": {"threads", "steps_gb"},
    "shots": {"id"},
}
_SHOT_IDS = re.compile(r"|name|marker|comment|reel|metadata:.+")


_AS_IT_WAS = "Correct it; git has it as it was: git diff rushes.toml."


def read_settings(path: Path) -> Settings:
    """Read `rushes.toml`. Raises ShowError that names the file and the key."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ShowError(
            "There is no show here.",
            where=str(path.parent),
            todo="Go to a folder with a rushes.toml, or make one: rushes new CUT DIR.",
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ShowError(f"The show's settings cannot be read: {error}.", where=str(path), todo=_AS_IT_WAS) from error
    _refuse_unknown(data, path)
    try:
        return _settings(data, path.parent)
    except (KeyError, TypeError, ValueError, AttributeError, BadInput) as error:
        raise ShowError(f"The show's settings are not usable: {error}.", where=str(path), todo=_AS_IT_WAS) from error


def _refuse_unknown(data: dict[str, Any], path: Path) -> None:
    register = data.get("models", {})
    named = {f"models.{name}": entry for name, entry in register.items()} if isinstance(register, dict) else {}
    for table, allowed in (_KEYS | dict.fromkeys(named, _MODEL_KEYS)).items():
        part = named[table] if table in named else data.get(table, {}) if table else data
        for key in part if isinstance(part, dict) else ():
            if key not in allowed:
                raise ShowError(
                    f"Unknown key {one_line(f'{table}.{key}' if table else key)!r}.",
                    where=str(path),
                    todo=f"Allowed: {', '.join(sorted(allowed))}.",
                )
    if data.get("schema", 1) != 1:
        raise ShowError(
            f"This show was written by a newer rushes (schema {data['schema']}).",
            where=str(path),
            todo="Update rushes.",
        )


def _settings(data: dict[str, Any], root: Path) -> Settings:
    head, tail = data.get("handles", (8, 8))
    colour, render = data.get("colour", {}), data.get("render", {})
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", data["id"]):
        raise ValueError("`id` takes letters, digits, `_` and `-`")
    return Settings(
        name=str(data["name"]),
        id=data["id"],
        rate=rate_of(data["rate"]),
        handles=(int(head), int(tail)),
        share_gap=int(data.get("share_gap", 48)),
        shot_ids=_shot_ids(str(data.get("shots", {}).get("id", ""))),
        media=str(data.get("media", "")),
        colour_config=_config(str(colour.get("config", DEFAULT_COLOUR_CONFIG)), root),
        working_space=str(colour.get("working", "ACEScg")),
        display=str(colour.get("display", "")),
        view=str(colour.get("view", "")),
        cdl_space=str(colour.get("cdl", "ACEScct")),
        threads=int(render.get("threads", 0)),
        steps_gb=float(render.get("steps_gb", 50.0)),
        models=_models(data.get("models", {})),
        paths=_sites(data.get("paths", {})),
    )


def _shot_ids(rule: str) -> str:
    if not _SHOT_IDS.fullmatch(rule):
        raise ValueError("`shots.id` is name, marker, comment, reel or metadata:KEY")
    return rule


def _models(table: Any) -> Mapping[str, Mapping[str, str]]:
    for name, entry in table.items():
        for key, value in entry.items():
            if not isinstance(value, str):
                raise ValueError(f"`models.{name}.{key}` is not text in quotes")
    return table  # type: ignore[no-any-return]


def _config(name: str, root: Path) -> str:
    """A colour config by its built-in name (`ocio://…`), or its file, counted from the show's folder."""
    return name if name.startswith("ocio://") else str(root.absolute() / name)


def _sites(table: Any) -> Mapping[str, Mapping[str, str]]:
    for site, named in table.items():
        for name, folder in named.items():
            if not isinstance(folder, str) or not is_absolute(folder):
                raise ValueError(f"`paths.{site}.{name}` is not a whole path such as /mnt/plates or P:/plates")
    return {site: dict(named) for site, named in table.items()}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything of one show lies. `state` is this clone's folder in the user's state directory."""

    root: Path
    media: Path
    state: Path
    places: Places = NOWHERE

    def find(self, path: str) -> Path:
        """A path that a text of the show says, on this machine: from the show's folder, or whole as any site has it."""
        return spelled(self.root / self.places.local(path))

    # in git

    @property
    def settings(self) -> Path:
        return self.root / SETTINGS

    @property
    def shots(self) -> Path:
        return self.root / "shots"

    @property
    def looks(self) -> Path:
        return self.root / "looks"

    def cut(self, cut: str) -> Path:
        """The normalised cut."""
        return self.root / "cut" / cut / "cut.otio"

    def cuts(self) -> tuple[str, ...]:
        """The names of the cuts that there are, `main` first."""
        names = (path.parent.name for path in (self.root / "cut").glob("*/cut.otio"))
        return tuple(sorted(filter(is_safe, names), key=lambda name: (name != MAIN, name)))

    def check_cut(self, cut: str) -> None:
        """Raises BadInput where the show has no such cut."""
        if cut not in self.cuts():
            known = ", ".join(map(one_line, self.cuts())) or "none"
            what = f"This show has no cut {one_line(cut, 40)!r}."
            raise BadInput(what, where=str(self.root), todo=f"Cuts of this show: {known}.")

    def received(self, cut: str, suffix: str, turnover: int = 1) -> Path:
        """What the editor sent, byte for byte: the first turnover is `received`, then come `received_002` …"""
        number = f"_{turnover:03d}" if turnover > 1 else ""
        return self.root / "cut" / cut / f"received{number}{suffix}"

    def turnovers(self, cut: str) -> dict[int, Path]:
        """What the editor sent so far, by number, the oldest first."""
        found = {}
        for path in (self.root / "cut" / cut).glob("received*"):
            match = re.fullmatch(r"received(?:_(\d{3,6}))?", path.stem)
            if match:
                found[int(match[1] or 1)] = path
        return dict(sorted(found.items()))

    def answers(self, cut: str) -> Path:
        """What people said of clips that could not be told apart."""
        return self.root / "cut" / cut / "answers.toml"

    def look(self, look: str) -> Path:
        return self.looks / f"{look}.toml"

    def shot(self, shot: str) -> Path:
        return self.shots / shot / "shot.toml"

    def recipe(self, shot: str, version: str) -> Path:
        return self.shots / shot / f"{version}.toml"

    def record(self, shot: str, version: str) -> Path:
        return self.shots / shot / f"{version}.json"

    def manifest(self, shot: str, version: str) -> Path:
        return self.shots / shot / f"{version}.sha256"

    def reviews(self, shot: str) -> Path:
        return self.shots / shot / "review"

    def review(self, shot: str, writer: str) -> Path:
        return self.reviews(shot) / f"{writer}.jsonl"

    def wedge(self, shot: str, wedge: str) -> Path:
        return self.shots / shot / "wedges" / f"{wedge}.toml"

    def publish(self, name: str) -> Path:
        return self.root / "publish" / name

    # under the media root

    def frames(self, shot: str, version: str, layer: str = "") -> Path:
        """The folder of a version's master frames, or of one of its layers."""
        name = f"{shot}_gen_{version}"
        return self.media / shot / name / layer if layer else self.media / shot / name

    def frame(self, shot: str, version: str, frame: int, layer: str = "", suffix: str = ".exr") -> Path:
        stem = f"{shot}_gen_{version}" + (f"_{layer}" if layer else "")
        return self.frames(shot, version, layer) / f"{stem}.{frame:04d}{suffix}"

    def preview(self, shot: str, job: str) -> Path:
        """The folder of a preview's or wedge's frames."""
        return self.media / "previews" / shot / job

    def input(self, sha256: str) -> Path:
        return self.media / "inputs" / sha256

    def unpacked(self, cut: str) -> Path:
        """Where a cut that brings its media is unpacked to."""
        return self.media / "plates" / cut

    @property
    def steps(self) -> Path:
        return self.media / "steps"

    @property
    def proxies(self) -> Path:
        return self.media / "proxies"

    def proxy(self, key: str) -> Path:
        return self.proxies / f"{key}.mov"

    @property
    def published(self) -> Path:
        return self.media / "publish"

    # machine-local

    @property
    def ledger(self) -> Path:
        return self.state / "ledger.db"

    def source(self, cut: str) -> Path:
        """Says in which folder of this machine the cut was read: its relative media count from there."""
        return self.state / "cut" / cut

    def draft(self, shot: str, name: str = "draft") -> Path:
        return self.state / "drafts" / shot / f"{name}.toml"

    @property
    def digests(self) -> Path:
        """What media were when this machine last read them; can be deleted at any time."""
        return self.state / "media.json"

    @property
    def journal(self) -> Path:
        return self.state / "journal"

    @property
    def place(self) -> Path:
        """Where the person was in the screens."""
        return self.state / PLACE

    @property
    def logs(self) -> Path:
        return self.state / "logs"


def state_root(env: Mapping[str, str]) -> Path:
    """The user's state directory for rushes: RUSHES_STATE, XDG_STATE_HOME or ~/.local/state. Raises ShowError."""
    if env.get("RUSHES_STATE"):
        return Path(env["RUSHES_STATE"])
    if env.get("XDG_STATE_HOME"):
        return Path(env["XDG_STATE_HOME"]) / "rushes"
    if env.get("HOME"):
        return Path(env["HOME"]) / ".local" / "state" / "rushes"
    raise ShowError(
        "There is no home directory to keep drafts and the queue in.",
        todo="Set RUSHES_STATE to a folder on a local disk.",
    )


def layout_of(root: Path, settings: Settings, state: Path, env: Mapping[str, str]) -> Layout:
    """The layout of a show on this machine. Raises ShowError: RUSHES_SITE or `media` name no place here."""
    places = places_of(settings.paths, env)
    return Layout(root, media_root(root, settings, places), state, places)


def media_root(root: Path, settings: Settings, places: Places = NOWHERE) -> Path:
    """Where the show's pictures lie: as configured (whole, `~`, or from the show), else `<show>.media` beside it."""
    if not settings.media:
        return root.with_name(root.name + ".media")
    try:
        return Path(os.path.normpath(spelled(root / Path(places.local(settings.media)).expanduser())))
    except RuntimeError as error:
        what = f"`media` is {one_line(settings.media)!r}, and there is no such home directory."
        raise ShowError(what, where=str(root / SETTINGS), todo="Write the whole path, or set HOME.") from error


def find_root(start: Path) -> Path:
    """The show that `start` lies in: the nearest folder upwards with a rushes.toml. Raises ShowError.

    Without links on the way: opened by another name it is the same show, with the same media beside it.
    """
    whole = start.resolve()
    for folder in (whole, *whole.parents):
        if (folder / SETTINGS).is_file():
            return folder
    raise ShowError(
        "There is no show here.", where=str(start), todo="Go to a show's folder, or make one: rushes new CUT DIR."
    )


def version_name(number: int) -> str:
    return f"v{number:03d}"


def version_number(name: str) -> int:
    """`v003` → 3. Raises ShowError."""
    match = re.fullmatch(r"[vV]?(\d{1,6})", name)
    if match is None or int(match[1]) < 1:
        raise ShowError(f"Not a version: {one_line(name)!r}.", todo="Versions are named v001, v002 …")
    return int(match[1])
