"""hatch: the picture as a drawing in charcoal, lines along its edges and strokes for its tones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from core.errors import RecipeError
from core.frames import seed_for
from core.ops.base import Block, Cadence, Format, Input, Iptc, Kit, Phase, param
from core.ops.flow import (
    LINES,
    along_shapes,
    anchored,
    at_size,
    blur,
    line_integral,
    luma,
    noise,
    streaks,
    structure,
    tapped,
)

if TYPE_CHECKING:
    from core.ops.base import Pictures
    from core.ops.flow import Direction, Picture, Plane

Share = Annotated[float, Field(ge=0, le=1)]
Colour = tuple[Share, Share, Share]

_SHAPES = 14.0
"""Lengths at 1080 lines: over how much the flow is smoothed, and how far a line is drawn out along it."""
_FIRM, _FIRM_CROSS = 4e-3, 2e-2
"""An edge as strong as this bends the strokes; the crossing strokes bend less."""
_CROSSING = 1.25
"""The angle between the strokes and those that cross them, in radians."""
_WHITE, _RANGE = 0.96, 0.92
"""Tones from here up are bare paper, and how far below that they are as dark as the coal gets."""
_MODELLING, _AROUND = 0.5, 36.0
"""How much a tone is told from those around it, as a draughtsman does, and how far around that is, at 1080 lines."""
_EDGES = 0.985
"""τ: a little below 1, so that even areas give no line."""
_HARD, _SOFT = 60.0, 0.55
"""φ of the lines' threshold, and the width of the strokes' one in quantiles of their noise."""
_OPAQUE = 0.9
_TEXTURE_SHARE = 0.5
"""How much of the strokes the plate's own texture makes up, so that they travel with it."""


class Hatch(Cadence):
    """Draws the picture in charcoal on paper: outlines, rubbed tone, strokes, and strokes across them in the darks.

    Lines are flow-guided differences of Gaussians (Kang, Lee, Chui, *Coherent Line Drawing*, NPAR 2007) with the soft
    threshold of XDoG (Winnemöller, Kyprianidis, Olsen, *XDoG*, Computers & Graphics 36(6), 2012). Strokes are line
    integrals of noise (Cabral & Leedom 1993) cut at the quantile that gives the tone, so the drawing is as dark as the
    plate. No model. Tones are those a screen shows: what is above 1 is bare paper. The paper lies still whatever the
    seed's policy says. Alpha stays; behind a picture with alpha there is paper to draw on.
    """

    phase: ClassVar[Phase] = Phase.CONTENT_ENHANCEMENT_POST
    source_type: ClassVar[Iptc] = Iptc.ALGORITHMICALLY_ENHANCED

    op: Literal["hatch"] = "hatch"
    input: Input = param("plate", help="the picture to draw")
    line: float = param(3.0, ge=0, le=24, unit="px at 1080 lines", keyable=True, help="width of outlines; 0: none")
    width: float = param(4.6, ge=1, le=48, unit="px at 1080 lines", keyable=True, help="width of a stroke")
    length: float = param(130.0, ge=0, le=480, unit="px at 1080 lines", keyable=True, help="length of a stroke")
    angle: float = param(
        52.0, ge=-180, le=180, unit="°", keyable=True, help="the hand's direction on plain areas: 0 level, 90 upright"
    )
    cross: float = param(1.0, ge=0, le=1, keyable=True, help="how much of the dark tones is crossed strokes")
    rub: float = param(
        0.65, ge=0, le=1, keyable=True, help="how much of the tone is rubbed in, soft, under the strokes"
    )
    tooth: float = param(1.0, ge=0, le=3, unit="x", keyable=True, help="how rough the paper is")
    ink: Colour = param((0.09, 0.085, 0.095), help="the charcoal's red, green and blue as on a screen, 0 to 1")
    paper: Colour = param((0.955, 0.925, 0.865), help="the paper's red, green and blue as on a screen, 0 to 1")

    def plan(self, sources: Mapping[str, Format]) -> Format:
        """Raises RecipeError where the input is a matte."""
        source = sources[self.input]
        if source.channels == 1:
            raise RecipeError(
                f"The step `{self.name}` draws a matte.", where=f"step `{self.name}`", todo="Name a picture."
            )
        return source

    def render(self, block: Block, pictures: Mapping[str, Pictures], kit: Kit) -> Pictures:
        import numpy as np

        source = pictures[self.input]
        result = np.empty_like(source)
        for slot, (frame, step) in enumerate(zip(block.frames, block.steps, strict=True)):
            kit.tick()
            seen = kit.view(source[slot : slot + 1], "srgb")[0]
            cover = seen[..., 3:] if seen.shape[-1] == 4 else np.ones((*seen.shape[:2], 1), np.float32)
            on_paper = seen[..., :3] + (1 - cover)
            drawn = _drawn(on_paper, step, seed_for(frame, int(step.seed), step.seed_per_frame))
            linear = kit.unview(drawn[None], "srgb")[0]
            result[slot, ..., :3] = np.maximum(linear, 0.0) * cover
            result[slot, ..., 3:] = cover[..., : source.shape[-1] - 3]
        return result


def _drawn(seen: Picture, step: Hatch, seed: int) -> Picture:
    """The drawing of (H, W, 3) as shown on a screen, as shown on a screen."""
    import numpy as np

    shape, scale = seen.shape[:2], seen.shape[0] / LINES
    light, tensor = luma(seen), structure(seen, _SHAPES * scale)
    grain, relief = _paper(shape, scale, int(step.seed))
    tooth = np.float32(step.tooth) * grain
    rubbed, once, crossed = _tones(light, tooth, step, scale)
    bare = 1 - rubbed
    hand = -math.radians(step.angle)
    for number, (tone, angle, firm) in enumerate(((once, hand, _FIRM), (crossed, hand + _CROSSING, _FIRM_CROSS))):
        direction, _ = along_shapes(tensor, shape, angle, firm)
        bare *= 1 - np.float32(_OPAQUE) * _strokes(tone, light, direction, tooth, step, seed + number)
    if step.line:
        direction, _ = along_shapes(tensor, shape, 0.0, 1e-5)
        lines = _lines(light, direction, step.line * scale, _SHAPES * scale)
        bare *= 1 - np.clip(lines * (1 + np.float32(0.12) * tooth), 0.0, 1.0)
    ink, paper = np.array(step.ink, np.float32), np.array(step.paper, np.float32)
    sheet = paper * (1 + np.float32(0.01 * step.tooth) * relief)[..., None]
    return np.clip(ink + (sheet - ink) * bare[..., None], 0.0, 1.0)


def _paper(shape: tuple[int, int], scale: float, seed: int) -> tuple[Plane, Plane]:
    """The paper's grain (deviation about 0.8) and its relief in light from the upper left."""
    import numpy as np

    fine, coarse = noise(shape, 2.6 * scale, seed + 5), noise(shape, 7 * scale, seed + 6)
    grain = np.float32(0.75) * fine + np.float32(0.65) * coarse
    height = np.pad(blur(np.float32(0.4) * fine + np.float32(0.7) * coarse, 0.5), 1, mode="edge")
    return grain, height[2:, 2:] - height[:-2, :-2]


def _tones(light: Plane, tooth: Plane, step: Hatch, scale: float) -> tuple[Plane, Plane, Plane]:
    """How dark rubbing, strokes and crossed strokes have to be, 0 … 1. What they let through multiplies to the tone."""
    import numpy as np

    small = (max(2, light.shape[0] // 4), max(2, light.shape[1] // 4))
    around = at_size(blur(at_size(light, small), max(_AROUND * scale / 4, 0.5)), light.shape)
    seen = blur(light, max(1.5 * scale, 0.5))
    seen = seen + np.float32(_MODELLING) * (seen - around)
    dark = np.clip((np.float32(_WHITE) - seen) / np.float32(_RANGE), 0.0, 1.0)
    coarse = at_size(at_size(dark, small), light.shape)
    rubbed = np.float32(0.9 * step.rub) * (np.float32(0.55) * dark + np.float32(0.45) * coarse)
    rubbed = np.clip(rubbed * (1 + np.float32(0.22) * tooth * (1 - np.float32(0.6) * rubbed)), 0.0, 0.95)
    left = np.clip(1 - (1 - dark) / (1 - rubbed), 0.0, 1.0)
    crossed = np.float32(0.75 * step.cross) * _smooth((left - np.float32(0.25)) / np.float32(0.65)) * left
    once = np.clip(1 - (1 - left) / (1 - crossed), 0.0, 1.0)
    return rubbed, once, crossed


def _strokes(tone: Plane, light: Plane, direction: Direction, tooth: Plane, step: Hatch, seed: int) -> Plane:
    """Strokes that cover a share `tone` of the paper: 0 between them, 1 on them."""
    import numpy as np

    scale = light.shape[0] / LINES
    source = anchored(noise(light.shape, step.width * scale, seed), light, step.width * scale, _TEXTURE_SHARE)
    drawn = streaks(source, direction, 0.5 * step.length * scale, step.width * scale)
    rough = (drawn + np.float32(0.45) * tooth) / np.float32(math.sqrt(1 + 0.13 * step.tooth**2))
    # A normal distribution's ranks, within 0.01.
    rank = np.asarray(1 / (1 + np.exp(np.float32(-1.702) * rough)), np.float32)
    cut = np.asarray(np.interp(tone / np.float32(_OPAQUE), *_cuts()), np.float32)
    return _smooth((cut - rank) / np.float32(_SOFT) + np.float32(0.5))


@lru_cache(maxsize=1)
def _cuts() -> tuple[Plane, Plane]:
    """The share of the paper that strokes cover when their ranks are cut softly at a value, and that value."""
    import numpy as np

    cut = np.linspace(-_SOFT / 2, 1 + _SOFT / 2, 129).astype(np.float32)
    rank = ((np.arange(512) + 0.5) / 512).astype(np.float32)
    return _smooth((cut[:, None] - rank) / np.float32(_SOFT) + np.float32(0.5)).mean(axis=1), cut


def _lines(light: Plane, direction: Direction, width: float, length: float) -> Plane:
    """Outlines on the dark side of edges: 0 … 0.92."""
    import numpy as np

    sigma = max(0.7 * width, 0.45)
    distance = np.arange(math.ceil(3.5 * sigma) + 1)
    inner, outer = (np.exp(-0.5 * (distance / wide) ** 2) for wide in (sigma, 1.6 * sigma))
    inner, outer = (taps / (taps[0] + 2 * taps[1:].sum()) for taps in (inner, outer))
    across = tapped(blur(light, 0.5 * sigma), direction * np.complex64(1j), list(inner - _EDGES * outer), 1.0)
    stride = max(1, round(math.sqrt(max(length, 3.0))))
    edges = line_integral(across, direction, [stride - k for k in range(stride)], 1.0)
    fade = [0.5 + 0.5 * math.cos(math.pi * k / (stride + 1)) for k in range(stride + 1)]
    edges = line_integral(edges, direction, fade, float(stride))
    return np.float32(0.92) * np.tanh(np.float32(_HARD) * np.maximum(-edges, 0))


def _smooth(x: Picture) -> Picture:
    """Hermite's step from 0 to 1."""
    import numpy as np

    x = np.clip(x, 0.0, 1.0)
    return x * x * (3 - 2 * x)
