"""[PIL] Pictures as text, for a page that is one file."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def shrunk(picture: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """An (H, W, 3) uint8 picture, at most `width` pixels wide."""
    import numpy as np
    from PIL import Image

    if picture.shape[1] <= width:
        return picture
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))


def jpeg_uri(picture: NDArray[np.uint8], width: int, quality: int) -> str:
    """An (H, W, 3) uint8 sRGB picture as a `data:` URI, at most `width` pixels wide: always the same text."""
    from PIL import Image

    buffer = io.BytesIO()
    small = Image.fromarray(shrunk(picture, width))
    small.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
