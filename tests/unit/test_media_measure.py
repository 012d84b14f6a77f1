"""Numbers about pictures: what they are on pictures whose answer is known, and that sheets are what they claim."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.media.measure import compare, flicker, nonfinite, pixel_digest, ssim
from core.media.sheet import Cell, burn_in, comparison, contact_sheet


def noise(seed: int = 0, size: tuple[int, ...] = (48, 64, 3)) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(0, 1, size).astype(np.float32)


def test_the_digest_is_what_it_says() -> None:
    """Rebuilt by hand from its description: anyone can check a record without this program."""
    picture = np.array([[[0.0, 1.0, 2.0], [3.5, -1.0, 65504.0]]], np.float32)
    expected = hashlib.sha256(b"float32 1x2x3\n" + struct.pack("<6f", 0, 1, 2, 3.5, -1, 65504)).hexdigest()
    assert pixel_digest(picture) == expected
    assert pixel_digest(np.asfortranarray(picture)) == expected
    assert pixel_digest(picture.reshape(2, 1, 3)) != expected


def test_what_is_not_finite_is_counted() -> None:
    picture = noise()
    picture[0, 0] = np.nan, np.inf, -np.inf
    assert nonfinite(picture) == 3 and nonfinite(noise()) == 0


def test_the_same_picture_does_not_differ() -> None:
    picture = noise()
    picture[0, 0] = np.nan, np.inf, 0
    same = compare(picture, picture.copy())
    assert (same.mean, same.max, same.changed, same.ssim) == (0, 0, 0, 1)


def test_one_changed_value_is_one_changed_pixel() -> None:
    other = noise()
    other[3, 4, 1] += 0.5
    difference = compare(noise(), other)
    assert difference.changed == pytest.approx(1 / (48 * 64))
    assert difference.max == pytest.approx(0.5, abs=1e-6)
    assert difference.mean == pytest.approx(0.5 / noise().size, rel=1e-5)


def test_nan_and_inf_count_as_changed_and_stay_out_of_the_means() -> None:
    other = noise()
    other[0, 0], other[1, 1] = np.nan, np.inf
    difference = compare(noise(), other)
    assert (difference.mean, difference.max) == (0, 0)
    assert difference.changed == pytest.approx(2 / (48 * 64))
    assert np.isfinite(difference.ssim)


def test_ssim_is_the_published_formula() -> None:
    """One window, written out by hand (Wang 2004, equation 13)."""
    a, b = noise(1, (7, 7)).astype(np.float64), noise(2, (7, 7)).astype(np.float64)
    cov = np.cov(a.ravel(), b.ravel())
    c1, c2 = 0.0001, 0.0009
    expected = (2 * a.mean() * b.mean() + c1) * (2 * cov[0, 1] + c2)
    expected /= (a.mean() ** 2 + b.mean() ** 2 + c1) * (cov[0, 0] + cov[1, 1] + c2)
    assert ssim(a, b) == pytest.approx(expected, rel=1e-9)


def test_ssim_of_every_window_is_averaged() -> None:
    a, b = noise(1, (9, 10)), noise(2, (9, 10))
    windows = [ssim(a[y : y + 7, x : x + 7], b[y : y + 7, x : x + 7]) for y in range(3) for x in range(4)]
    assert ssim(a, b) == pytest.approx(np.mean(windows), rel=1e-6)


def test_ssim_knows_worse_from_better() -> None:
    clean = np.clip(np.kron(noise(3, (6, 8)), np.ones((8, 8), np.float32)), 0, 1)
    scores = [ssim(clean, np.clip(clean + noise(4, clean.shape) * s - s / 2, 0, 1)) for s in (0, 0.05, 0.2, 0.8)]
    assert scores[0] == pytest.approx(1) and scores == sorted(scores, reverse=True) and scores[-1] < 0.7
    assert ssim(clean, 1 - clean) < 0
    assert ssim(clean, clean * 0 + clean.mean()) == pytest.approx(ssim(clean * 0 + clean.mean(), clean))


def test_sizes_must_agree() -> None:
    with pytest.raises(ValueError, match="pictures of"):
        compare(noise(), noise(size=(48, 65, 3)))


def test_flicker_looks_only_where_the_plate_is_still() -> None:
    plate = noise()
    moving = plate.copy()
    moving[:24] += 0.5
    assert flicker(plate, plate + 0.1, plate, plate) == pytest.approx(0.1, rel=1e-4)
    boiling = plate.copy()
    boiling[:24] += 0.7
    assert flicker(plate, boiling, plate, moving) == 0
    assert flicker(plate, boiling, plate, plate + 0.5) is None
    boiling[30, 30] = np.nan
    assert flicker(plate, boiling, plate, moving) == 0


def shot(hue: int, size: tuple[int, int] = (270, 480)) -> NDArray[np.uint8]:
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    return np.stack([(x * 255 // size[1]), (y * 255 // size[0]), np.full(size, hue)], -1).astype(np.uint8)


def test_a_contact_sheet_holds_every_picture_in_order(tmp_path: Path) -> None:
    out = contact_sheet([Cell(shot(40 * n), f"seed {n}") for n in range(5)], tmp_path / "new" / "sheet.png", 3)
    sheet = np.asarray(Image.open(out))
    assert sheet.shape == (16 + 2 * (216 + 30 + 16), 16 + 3 * 400, 3)
    centres = [sheet[16 + n // 3 * 262 + 108, 16 + n % 3 * 400 + 192, 2] for n in range(5)]
    assert centres == [0, 40, 80, 120, 160]
    assert tuple(sheet[2, 2]) == (118, 118, 118)
    assert [path.name for path in out.parent.iterdir()] == ["sheet.png"]


def test_labels_cannot_break_a_sheet(tmp_path: Path) -> None:
    """Long, empty, foreign and hostile labels, pictures of several shapes, more columns than pictures."""
    cells = [Cell(shot(0), "x" * 500), Cell(shot(0, (300, 200)), ""), Cell(shot(0, (3, 7)), "\x1b[31mλ\n漢")]
    assert contact_sheet(cells, tmp_path / "a.png", 20).is_file()
    with pytest.raises(ValueError, match="no pictures"):
        contact_sheet([], tmp_path / "b.png", 4)


def test_a_comparison_shows_the_difference_times_its_gain(tmp_path: Path) -> None:
    a = shot(100)
    b = a.copy()
    b[100:200, 200:300, 2] += 20
    sheet = np.asarray(Image.open(comparison(a, b, tmp_path / "c.png", captions=("v001", "v002"), gain=4)))
    third = sheet[34:304, 16 + 2 * 496 : 16 + 2 * 496 + 480]
    assert third[150, 250].tolist() == [0, 0, 80] and third[50, 50].tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="pictures of"):
        comparison(a, b[:10], tmp_path / "d.png")


def test_burn_in_writes_below_and_leaves_the_rest(tmp_path: Path) -> None:
    picture = noise(size=(270, 480, 3))
    before = picture.copy()
    burnt = burn_in(picture, ["sq010_sh0020 v003 · 1034", "candlelight, less boil " * 20])
    assert np.array_equal(picture, before)
    assert np.array_equal(burnt[:240], picture[:240])
    assert burnt[240:].max() > 0.85 and burnt[240:, :, :].mean() < 0.4
