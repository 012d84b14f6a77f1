"""[PIL] Pictures for people: contact sheets, comparisons, and the line of text over a review movie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files import explained, settle, temp_beside
from core.media.lettering import clipped, font

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Shown = NDArray[np.uint8]

_GREY = (118, 118, 118)
"""18 % grey in sRGB: what a picture is judged against."""
_BLACK, _WHITE, _DIM = (20, 20, 20), (240, 240, 240), (52, 52, 52)
_CELL = (384, 288)
"""The room of one picture on a sheet: wide ones fill its width, tall ones its height."""
_LINE = 30
"""The room of a label under it."""
_GAP = 16


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a sheet."""

    picture: Shown
    """(H, W, 3) uint8 sRGB."""
    label: str


def contact_sheet(cells: Sequence[Cell], out: Path, columns: int) -> Path:
    """Write a PNG of labelled pictures in rows, numbered from 0 in their upper left corner.

    Raises:
        ValueError: no cells. DiskFull, Broken: it cannot be written; nothing is left behind.
    """
    if not cells:
        raise ValueError("a sheet of no pictures")
    from PIL import Image, ImageDraw

    columns = max(1, min(columns, len(cells)))
    thumbs = [fitted(cell.picture, *_CELL) for cell in cells]
    heights = [max(thumb.height for thumb in thumbs[n : n + columns]) for n in range(0, len(thumbs), columns)]
    tops = [_GAP + sum(heights[:row]) + row * (_LINE + _GAP) for row in range(len(heights) + 1)]
    sheet = Image.new("RGB", (_GAP + columns * (_CELL[0] + _GAP), tops[-1]), _GREY)
    draw = ImageDraw.Draw(sheet)
    for n, (cell, thumb) in enumerate(zip(cells, thumbs, strict=True)):
        row, x = n // columns, _GAP + n % columns * (_CELL[0] + _GAP)
        at = (x, tops[row] + heights[row] - thumb.height)
        sheet.paste(thumb, at)
        _tab(draw, at, str(n + 1))
        label = clipped(draw, cell.label, 16, _CELL[0])
        draw.text((x + 1, tops[row] + heights[row] + 6), label, fill=_BLACK, font=font(16))
    return save(sheet, out)


def comparison(
    a: Shown, b: Shown, out: Path, *, captions: tuple[str, str] = ("A", "B"), gain: float = 4.0
) -> Path:  # fmt: skip
    """Write a PNG of A, B and their difference |A − B| × gain (of what is seen, in sRGB code values) side by side.

    Raises:
        ValueError: sizes differ. DiskFull, Broken: it cannot be written; nothing is left behind.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    if a.shape != b.shape:
        raise ValueError(f"pictures of {a.shape} and {b.shape}")
    apart = np.clip(np.abs(a.astype(np.float32) - b.astype(np.float32)) * gain, 0, 255).astype(np.uint8)
    width = max(240, min(640, a.shape[1]))
    panes = [fitted(picture, width, 2 * width) for picture in (a, b, apart)]
    texts = (f"A  {captions[0]}", f"B  {captions[1]}", f"|A - B| x {gain:g}")
    line = 34
    size = (_GAP + 3 * (width + _GAP), panes[0].height + line + _GAP)
    sheet = Image.new("RGB", size, _GREY)
    draw = ImageDraw.Draw(sheet)
    for n, (pane, text) in enumerate(zip(panes, texts, strict=True)):
        x = _GAP + n * (width + _GAP)
        draw.text((x + 1, 9), clipped(draw, text, 16, width), fill=_BLACK, font=font(16))
        sheet.paste(pane, (x, line))
    return save(sheet, out)


def burn_in(picture: NDArray[np.float32], lines: Sequence[str]) -> NDArray[np.float32]:
    """Draw lines of text over the lower left corner of a display-encoded (H, W, 3) float32 picture; a new array.

    Each line sits on a dark strip, at a 27th of the picture's height, cut off at its right edge.
    """
    import numpy as np
    from PIL import Image, ImageDraw

    result = picture.copy()
    height, width = picture.shape[:2]
    size = max(9, height // 27)
    step = size + size // 2
    top = max(0, height - step * len(lines))
    strip = Image.new("L", (width, height - top), 0)
    draw = ImageDraw.Draw(strip)
    for n, text in enumerate(lines):
        draw.text((size // 2, n * step + size // 5), clipped(draw, text, size, width - size), fill=255, font=font(size))
    ink = (np.asarray(strip, np.float32) / 255)[..., None]
    result[top:] = result[top:] * np.float32(0.35) * (1 - ink) + np.float32(0.92) * ink
    return result


def _tab(draw: Any, at: tuple[int, int], text: str) -> None:
    x, y = at
    width = int(draw.textlength(text, font=font(16))) + 14
    draw.rectangle((x, y, x + width, y + 24), fill=_DIM)
    draw.text((x + 7, y + 3), text, fill=_WHITE, font=font(16))


def fitted(picture: Shown, width: int, height: int) -> Any:
    """A PIL picture as large as it fits; enlarged without smoothing, so that a small one shows its pixels."""
    from PIL import Image

    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.NEAREST)


def save(image: Any, out: Path) -> Path:
    """Write a PIL picture as a PNG, whole or not at all. Raises DiskFull, Broken."""
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_beside(out)
        try:
            image.save(temp, "PNG")
            settle(temp, out)
        finally:
            temp.unlink(missing_ok=True)
    return out
