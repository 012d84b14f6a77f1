"""Stills in the terminals' own picture protocols: pictures in, bytes for the terminal out. Pure.

    kitty(picture, id, box)   kitty_placeholders(id, columns, rows)   kitty_clear(id)
    iterm2(file, box)         jpeg(picture, quality)
    sixel(picture, box)
    through_tmux(data)

A `Box` is the place in cells: column and row from 0, columns, rows. The cursor is put back. A kitty picture is deleted
by its number; the others go when the cells are drawn over.

Sources: kitty's graphics protocol with Unicode placeholders; iTerm2's inline images (OSC 1337); sixel as in the VT340's
manual, its palette by Pillow's median cut.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    """(H, W, 3) in sRGB."""

_CHUNK = 4096
_PLACEHOLDER = "\U0010eeee"
_ROWS = (
    "\u0305\u030d\u030e\u0310\u0312\u033d\u033e\u033f\u0346\u034a\u034b\u034c\u0350\u0351\u0352\u0357\u035b\u0363\u0364"
    "\u0365\u0366\u0367\u0368\u0369\u036a\u036b\u036c\u036d\u036e\u036f\u0483\u0484\u0485\u0486\u0487\u0592\u0593\u0594"
    "\u0595\u0597\u0598\u0599\u059c\u059d\u059e\u059f\u05a0\u05a1\u05a8\u05a9\u05ab\u05ac\u05af\u05c4\u0610\u0611\u0612"
    "\u0613\u0614\u0615\u0616\u0617\u0657\u0658\u0659\u065a\u065b\u065d\u065e\u06d6\u06d7\u06d8\u06d9\u06da\u06db\u06dc"
    "\u06df\u06e0\u06e1\u06e2\u06e4\u06e7\u06e8\u06eb\u06ec\u0730\u0732\u0733\u0735\u0736\u073a\u073d\u073f\u0740\u0741"
    "\u0743\u0745\u0747\u0749\u074a\u07eb\u07ec\u07ed\u07ee\u07ef\u07f0\u07f1\u07f3\u0816\u0817\u0818\u0819\u081b\u081c"
)
"""The marks by which kitty counts the rows of placeholders, from its rowcolumn-diacritics.txt."""
MOST_ROWS = len(_ROWS)


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the terminal, in cells; column and row from 0."""

    column: int
    row: int
    columns: int
    rows: int

    def around(self, data: bytes) -> bytes:
        """`data` at the box's first cell, and the cursor as it was."""
        return b"\x1b7\x1b[%d;%dH%b\x1b8" % (self.row + 1, self.column + 1, data)


# kitty


def kitty(picture: Picture, number: int, box: Box, *, tmux: bool = False) -> bytes:
    """The picture under `number` (1 to 255), scaled by the terminal to fill `box`.

    With `tmux` nothing is shown yet: it appears where `kitty_placeholders` are written, which tmux moves like text.
    """
    height, width = picture.shape[:2]
    body = base64.b64encode(zlib.compress(picture.tobytes(), 1))
    how = f"a=T,q=2,C=1,f=24,o=z,s={width},v={height},i={number},p=1,c={box.columns},r={box.rows}"
    parts = list(_kitty_parts(how + (",U=1" if tmux else ""), body))
    return b"".join(map(through_tmux, parts)) if tmux else box.around(b"".join(parts))


def _kitty_parts(how: str, body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), _CHUNK):
        more = int(at + _CHUNK < len(body))
        keys = f"{how},m={more}" if at == 0 else f"q=2,m={more}"
        yield b"\x1b_G%b;%b\x1b\\" % (keys.encode(), body[at : at + _CHUNK])


def kitty_placeholders(number: int, columns: int, rows: int) -> list[str]:
    """One text a row of cells, behind which the picture `number` appears. ValueError: more than `MOST_ROWS` rows."""
    if rows > MOST_ROWS:
        raise ValueError(f"placeholders count {MOST_ROWS} rows, not {rows}")
    # The colour is the number; a cell without marks is the next one of its neighbour's row.
    return [
        f"\x1b[38;5;{number}m{_PLACEHOLDER}{_ROWS[row]}{_PLACEHOLDER * (columns - 1)}\x1b[0m" for row in range(rows)
    ]


def kitty_clear(number: int, *, tmux: bool = False) -> bytes:
    """Takes the picture from the screen and from the terminal's memory."""
    data = b"\x1b_Ga=d,d=I,q=2,i=%d\x1b\\" % number
    return through_tmux(data) if tmux else data


def through_tmux(data: bytes) -> bytes:
    """`data` for the terminal that tmux runs in, where `allow-passthrough` is on; at most a megabyte."""
    return b"\x1bPtmux;%b\x1b\\" % data.replace(b"\x1b", b"\x1b\x1b")


# iTerm2


def iterm2(file: bytes, box: Box) -> bytes:
    """A JPEG or PNG file's picture, stretched to fill `box`."""
    size = f"size={len(file)};width={box.columns};height={box.rows}"
    how = f"File=inline=1;{size};preserveAspectRatio=0;doNotMoveCursor=1"
    return box.around(b"\x1b]1337;%b:%b\x07" % (how.encode(), base64.b64encode(file)))


def jpeg(picture: Picture, quality: int) -> bytes:
    """A JPEG file with colour at full size, for `iterm2`."""
    from PIL import Image

    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()


# sixel


def sixel(picture: Picture, box: Box, colours: int = 256) -> bytes:
    """The picture pixel by pixel in up to `colours` colours, dithered, from the box's first cell on.

    Sixels are not scaled: hand in the box's size in the terminal's pixels, a whole number of sixes high or less than
    the box, so that nothing stands below it.
    """
    import numpy as np
    from PIL import Image

    whole = Image.fromarray(picture)
    few = whole.quantize(palette=whole.quantize(colours), dither=Image.Dither.FLOYDSTEINBERG)
    palette = np.array(few.getpalette(), int).reshape(-1, 3)
    indexes = np.asarray(few)
    registers = "".join(f"#{n};2;{r};{g};{b}" for n, (r, g, b) in enumerate((palette * 100 + 127) // 255))
    bands = b"-".join(_band(indexes[top : top + 6]) for top in range(0, len(indexes), 6))
    head = f'\x1bP0;1;0q"1;1;{picture.shape[1]};{picture.shape[0]}{registers}'
    return box.around(head.encode() + bands + b"\x1b\\")


def _band(indexes: Picture) -> bytes:
    """Six rows of pixels: for each colour in them one line of sixels over the others."""
    import numpy as np

    used, which = np.unique(indexes, return_inverse=True)
    which = which.reshape(indexes.shape)
    bits = np.zeros((len(used), indexes.shape[1]), np.uint8)
    across = np.arange(indexes.shape[1])
    for row in range(len(indexes)):
        bits[which[row], across] |= 1 << row
    lines = (bits + 63).astype(np.uint8)
    return b"$".join(b"#%d%b" % (colour, _packed(line.tobytes())) for colour, line in zip(used, lines, strict=True))


_RUN = re.compile(rb"(.)\1{3,}", re.DOTALL)


def _packed(line: bytes) -> bytes:
    """Runs of four and more as `!count` and the character; nothing where nothing is to be drawn any more."""
    return _RUN.sub(lambda run: b"!%d%b" % (len(run[0]), run[1]), line.rstrip(b"?"))
