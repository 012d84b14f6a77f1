"""Pictures that their metadata turn: rotation by quarter turns and mirroring, which move pixels and change none.

One number says how: the orientation of EXIF 2.3 (tag 274), where in the picture as stored the first row and column of
the picture as shown lie. 1 is upright; from 5 on, width and height change places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOVES = {
    1: (False, False, False), 2: (False, True, False), 3: (False, True, True), 4: (False, False, True),
    5: (True, False, False), 6: (True, True, False), 7: (True, True, True), 8: (True, False, True),
}  # fmt: skip
"""Transposed first; then mirrored left to right, top to bottom."""


def orientation_of(matrix: Sequence[int]) -> int | None:
    """The orientation of a QuickTime display matrix (a b u, c d v, x y w); None where it is not by quarter turns.

    QuickTime File Format, "Matrices": x' = a x + c y, y' = b x + d y.
    """
    a, b, c, d = (matrix[n] for n in (0, 1, 3, 4))
    one = 1 << 16
    if (abs(a), abs(b), abs(c), abs(d)) == (one, 0, 0, one):
        moves = False, a < 0, d < 0
    elif (abs(a), abs(b), abs(c), abs(d)) == (0, one, one, 0):
        moves = True, c < 0, b < 0
    else:
        return None
    return next(number for number, known in _MOVES.items() if known == moves)


def swaps(orientation: int) -> bool:
    """Whether width and height change places."""
    return _MOVES[orientation][0]


def upright(picture: NDArray[Any], orientation: int) -> NDArray[Any]:
    """(H, W, C) as stored → as shown: the same pixels, bit for bit; the same object where it is upright already."""
    import numpy as np

    if orientation == 1:
        return picture
    transposed, across, down = _MOVES[orientation]
    turned = picture.swapaxes(0, 1) if transposed else picture
    turned = turned[:: -1 if down else 1, :: -1 if across else 1]
    return np.ascontiguousarray(turned)
