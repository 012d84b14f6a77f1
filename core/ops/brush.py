"""brush: the picture as oil paint, strokes along its shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from core.errors import RecipeError
from core.frames import seed_for
from core.ops.base import Block, Cadence, Format, Input, Iptc, Kit, Phase, param
from core.ops.flow import (
    LINES,
    along_shapes,
    anchored,
    at_size,
    blur,
    luma,
    moved,
    noise,
    smaller,
    streaks,
    structure,
    tapped,
)
from core.ops.kuwahara import kuwahara

if TYPE_CHECKING:
    import numpy as np

    from core.ops.base import Pictures
    from core.ops.flow import Direction, Picture, Plane

_FIRM = 6e-4
"""An edge as strong as this turns the strokes from the way that the hand sweeps over plain areas."""
_BUSY = 0.045
"""Contrast at which an area counts as full of detail, and gets the finest brush."""
_BRISTLE, _STROKE = 0.28, 1.0
"""Widths of bristles and strokes, in radii of the brush."""
_BRISTLE_SHARE, _STROKE_SHARE = 0.65, 0.4
"""How much of bristles and strokes the plate's own texture makes up, so that they travel with it."""
_STROKE_LINES = 360
"""Strokes are broad: they are drawn on at most so many lines."""
_WARM = (0.014, 0.003, -0.018)
"""A loaded stroke is warmer than a thin one: broken colour."""
_BRIGHTEST = 2.0**16


class Brush(Cadence):
    """Paints the picture over in oils: colours run together along its shapes, strokes and bristles catch the light.

    Colour is the anisotropic Kuwahara filter (Kyprianidis, Kang, Döllner 2009) along the structure tensor; strokes and
    bristles are line integrals (Cabral & Leedom 1993) of noise and of the plate's own texture along the same flow, lit
    from the upper left. No model. The palette is what a screen shows, sRGB; brightness above that is taken out before
    and put back after, filtered the same way. Alpha is painted like a colour. A frame is made from itself alone; with a
    fixed seed still parts of a shot stay still.
    """

    phase: ClassVar[Phase] = Phase.CONTENT_ENHANCEMENT_POST
    source_type: ClassVar[Iptc] = Iptc.ALGORITHMICALLY_ENHANCED

    op: Literal["brush"] = "brush"
    input: Input = param("plate", help="the picture to paint over")
    radius: float = param(
        16.0, ge=0, le=96, unit="px at 1080 lines", keyable=True, help="size of the brush; 0 leaves the colours alone"
    )
    length: float = param(110.0, ge=0, le=480, unit="px at 1080 lines", keyable=True, help="length of a stroke")
    relief: float = param(1.0, ge=0, le=3, unit="x", keyable=True, help="how thick the paint lies; 0 is flat")
    detail: float = param(0.5, ge=0, le=1, keyable=True, help="how much smaller the brush gets where much is to see")
    saturation: float = param(1.1, ge=0, le=3, unit="x", keyable=True, help="richness of the palette; 1 is the plate's")

    def plan(self, sources: Mapping[str, Format]) -> Format:
        """Raises RecipeError where the input is a matte."""
        source = sources[self.input]
        if source.channels == 1:
            raise RecipeError(
                f"The step `{self.name}` paints over a matte.", where=f"step `{self.name}`", todo="Name a picture."
            )
        return source

    def render(self, block: Block, pictures: Mapping[str, Pictures], kit: Kit) -> Pictures:
        import numpy as np

        source = pictures[self.input]
        result = np.empty_like(source)
        for slot, (frame, step) in enumerate(zip(block.frames, block.steps, strict=True)):
            kit.tick()
            bright = _brightness(source[slot], kit)
            with np.errstate(invalid="ignore"):
                seen = kit.view((source[slot] / _colours_only(bright, source.shape[-1]))[None], "srgb")[0]
            painted, stops = _painted(seen, np.log2(bright), step, seed_for(frame, int(step.seed), step.seed_per_frame))
            linear = kit.unview(painted[None], "srgb")[0] * _colours_only(np.exp2(stops), source.shape[-1])
            np.maximum(linear, 0.0, out=result[slot])
        return result


def _brightness(picture: Picture, kit: Kit) -> Plane:
    """(H, W), at least 1: what the colours have to be divided by so that a screen can show them; NaN and Inf: 1."""
    import numpy as np

    colours = np.nan_to_num(picture[..., :3], nan=0.0, posinf=0.0, neginf=0.0)
    if picture.shape[-1] == 4:
        colours /= np.where(picture[..., 3:] > 0, picture[..., 3:], np.float32(1.0))
    # A colour's brightest light on the screen is not its brightest in the working space, but at most twice that.
    room = np.maximum(2 * colours.max(axis=-1, keepdims=True), np.float32(1.0))
    peak = kit.view((colours / room)[None], "srgb")[0].max(axis=-1)
    linear = np.where(peak > 0.04045, ((peak + 0.055) / 1.055) ** 2.4, peak / 12.92)
    return np.asarray(np.clip(linear * room[..., 0], 1.0, _BRIGHTEST), np.float32)


def _colours_only(factor: Plane, channels: int) -> Picture:
    """A factor per pixel as (H, W, C) that leaves alpha alone."""
    import numpy as np

    result = np.ones((*factor.shape, channels), np.float32)
    result[..., :3] = factor[..., None]
    return result


def _painted(seen: Picture, stops: Plane, step: Brush, seed: int) -> tuple[Picture, Plane]:
    """The painting of (H, W, C) as shown on a screen, and of the stops by which it is brighter than that."""
    import numpy as np

    scale = seen.shape[0] / LINES
    tensor = structure(seen, step.radius * scale)
    sweep = 0.5 + 1.2 * noise(tensor.shape[:2], tensor.shape[0] / 3.3, seed + 2)
    direction, sure = along_shapes(tensor, seen.shape[:2], sweep, _FIRM)
    radius = np.float32(step.radius * scale) * _brush_size(luma(seen), step.radius * scale, step.detail)
    paint = np.concatenate([seen, stops[..., None]], axis=-1)
    if step.radius:
        paint = kuwahara(paint, direction, sure, radius)
        paint = tapped(paint, direction, (0.3, 0.23, 0.12), 0.1 * step.radius * scale)
    if step.relief:
        strokes, bristles = _strokes(luma(seen), direction, step, seed)
        paint = _ragged(paint, strokes + np.float32(0.35) * bristles, np.float32(0.5 * step.relief) * radius)
    paint, stops = paint[..., :-1], paint[..., -1]
    paint = paint + np.float32(0.35) * (paint - blur(paint, 0.3 * step.radius * scale))
    colour, alpha = paint[..., :3], np.clip(paint[..., 3:], 0.0, 1.0)
    grey = luma(colour)[..., None]
    colour = grey + np.float32(step.saturation) * (colour - grey)
    if step.relief:
        colour = _lit(colour, strokes, bristles, np.float32(step.relief), scale)
    limit = alpha if alpha.size else np.float32(1.0)
    return np.concatenate([np.clip(colour, 0.0, limit), alpha], axis=-1), stops


def _brush_size(light: Plane, radius: float, detail: float) -> Plane:
    """(H, W): the share of the radius that is used, less where there is fine contrast."""
    import numpy as np

    small = (max(2, light.shape[0] // 4), max(2, light.shape[1] // 4))
    fine = np.abs(light - blur(light, max(0.35 * radius, 0.6)))
    busy = at_size(blur(at_size(fine, small), max(0.2 * radius, 0.8)), light.shape)
    return np.asarray(1 - np.float32(detail) * np.clip(busy / np.float32(_BUSY), 0.0, 1.0), np.float32)


def _strokes(light: Plane, direction: Direction, step: Brush, seed: int) -> tuple[Plane, Plane]:
    """The height of strokes (−1 … 1) and of their bristles (deviation 1) over (H, W)."""
    import numpy as np

    shape, scale = light.shape, light.shape[0] / LINES
    cell = _BRISTLE * step.radius * scale
    bristles = streaks(
        anchored(noise(shape, cell, seed), light, cell, _BRISTLE_SHARE), direction, 0.3 * step.length * scale, cell
    )
    share = min(1.0, _STROKE_LINES / shape[0])
    small = (max(2, round(shape[0] * share)), max(2, round(shape[1] * share)))
    cell = _STROKE * step.radius * scale * share
    coarse = anchored(noise(small, cell, seed + 1), at_size(light, small), cell, _STROKE_SHARE)
    drawn = streaks(coarse, smaller(direction, small), 0.5 * step.length * scale * share, cell)
    return np.tanh(np.float32(2.0) * at_size(drawn, shape, "cubic")), bristles


def _slopes(height: Plane) -> tuple[Plane, Plane]:
    """Central differences down and across; 0 at the border."""
    import numpy as np

    down, across = np.zeros_like(height), np.zeros_like(height)
    down[1:-1] = height[2:] - height[:-2]
    across[:, 1:-1] = height[:, 2:] - height[:, :-2]
    return down, across


def _ragged(paint: Picture, height: Plane, reach: Plane) -> Picture:
    """Colour pulled up to `reach` (H, W) pixels towards the ridges of the strokes: edges as a brush leaves them."""
    import numpy as np

    down, across = _slopes(height)
    pull = np.asarray(reach / (np.hypot(down, across) + np.float32(0.3)), np.float32)
    return moved(paint, across * pull, down * pull)


def _lit(colour: Picture, strokes: Plane, bristles: Plane, relief: np.float32, scale: float) -> Picture:
    """The paint's relief, lit from the upper left: shade, gloss, and how loaded each stroke is."""
    import numpy as np

    light = np.clip(luma(colour), 0.0, 1.0)
    height = np.float32(0.75) * strokes + np.float32(0.20) * bristles
    height = blur(height + np.float32(0.9) * blur(light, max(1.6 * scale, 0.6)), max(scale, 0.45))
    down, across = _slopes(height)
    lit = np.tanh((down + across) * np.float32(5.3 * scale))
    body = relief * (np.float32(0.35) + np.float32(0.65) * np.sqrt(light))
    shade = np.float32(0.10) * lit * body
    gloss = np.float32(0.14) * np.clip(lit - np.float32(0.45), 0.0, 1.0) ** 2 * body
    load = relief * (np.float32(0.045) * strokes + np.float32(0.02) * bristles)
    warmth = relief * strokes * (4 * light * (1 - light) + np.float32(0.05))
    result = colour * (1 + load)[..., None]
    result += shade[..., None] * (np.float32(0.4) + np.float32(0.6) * colour)
    result += gloss[..., None]
    result += warmth[..., None] * np.array(_WARM, np.float32)
    return np.asarray(result, np.float32)
