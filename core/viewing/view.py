"""What is looked at, and how: small values that screens hold from their first paint on. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from core.files import one_line

if TYPE_CHECKING:
    from core.cut.shot import Shot
    from core.layout import Settings

Channel = Literal["rgb", "r", "g", "b", "a", "luma"]
_CHANNELS = {"r": "red", "g": "green", "b": "blue", "a": "alpha", "luma": "luma"}


@dataclass(frozen=True, slots=True)
class Source:
    """A picture of a shot that changes over frames: the plate, or what a version, a preview or a wedge holds."""

    shot: str
    version: str = ""
    """`v003`; empty: the plate, or what `job` made."""
    picture: str = ""
    """Of a version or a job: a layer, or of a version a step; empty: the master."""
    job: str = ""
    """The whole id of a preview or a wedge."""
    item: int = 0
    """Which of a wedge's pictures, from 0."""

    @property
    def name(self) -> str:
        """`plate`, `v003`, `v003/paint`; of a job `3` (counted from 1) or `3/paint`."""
        what = str(self.item + 1) if self.job else self.version or "plate"
        return f"{what}/{self.picture}" if self.picture else what

    def beside(self, name: str) -> Source:
        """Another picture of the same shot: `figure` of the same version, `v002/figure` of another, `plate`."""
        version, _, picture = name.rpartition("/")
        if name == "plate":
            return Source(self.shot)
        return Source(self.shot, version, picture) if version else Source(self.shot, self.version, picture, *self._job)

    @property
    def _job(self) -> tuple[str, int]:
        return self.job, self.item


@dataclass(frozen=True, slots=True)
class View:
    """How it is looked at, beside what show and shot say."""

    exposure: float = 0.0
    """Stops."""
    gamma: float = 1.0
    """What is seen to the power of 1 / gamma: more is brighter in the middle."""
    channel: Channel = "rgb"
    """One of r, g, b and luma: as seen, in grey; a: the alpha as it is, white where there is none."""
    matte: str = ""
    """A picture that lies over it as a tinted matte, named as `Source.beside` takes it; empty for none."""


def described(view: View, shot: Shot, settings: Settings) -> str:
    """How a shot is looked at, for a status line: `sRGB view · CDL · LUT show.cube · +1.0 stop`. Safe to show."""
    said = [" ".join(filter(None, (settings.view, settings.display and f"on {settings.display}"))) or "sRGB view"]
    said += ["CDL"] if shot.cdl else []
    said += [f"LUT {PurePosixPath(shot.lut.replace(chr(92), '/')).name}"] if shot.lut else []
    if view.exposure:
        said.append(f"{view.exposure:+.2f}".removesuffix("0") + (" stop" if abs(view.exposure) <= 1 else " stops"))
    said += [f"gamma {view.gamma:g}"] if view.gamma != 1 else []
    said += [_CHANNELS[view.channel]] if view.channel != "rgb" else []
    said += [f"matte {view.matte}"] if view.matte else []
    return one_line(" · ".join(said), 200)
