"""Kept step outputs: whole or not there, and never something else than what was kept."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from core.files import sha256_bytes
from core.render.reuse import StepStore

DIGEST = "ab" * 32
PICTURE = np.random.default_rng(1).random((4, 5, 3), np.float32)


def test_what_is_saved_is_loaded_bit_for_bit(tmp_path: Path) -> None:
    odd = PICTURE.copy()
    odd[0, 0] = (np.nan, np.inf, -0.0)
    store = StepStore(tmp_path)
    assert store.load(DIGEST) is None
    store.save(DIGEST, odd, "sq010_v001")
    kept = StepStore(tmp_path).load(DIGEST)
    assert kept is not None and kept.origin == "sq010_v001"
    assert kept.array.tobytes() == odd.tobytes()
    (file,) = tmp_path.rglob("*.npy")
    assert np.load(file).tobytes() == odd.tobytes()  # any program with numpy reads it
    assert file.relative_to(tmp_path).parts[:2] == ("ab", DIGEST)


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_file_is_removed_and_not_used(tmp_path: Path, damage: str) -> None:
    store = StepStore(tmp_path)
    store.save(DIGEST, PICTURE)
    (file,) = tmp_path.rglob("*.npy")
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes({"flip": bytes(raw), "cut": bytes(raw[:-8]), "empty": b""}[damage])
    assert store.load(DIGEST) is None
    assert store.damaged == 1
    assert not file.exists()


def test_a_pickle_under_a_true_hash_is_not_loaded(tmp_path: Path) -> None:
    """Somebody who can write here must not be able to run code: no pickle is ever looked at."""
    folder = tmp_path / DIGEST[:2] / DIGEST
    folder.mkdir(parents=True)
    np.save(tmp_path / "evil.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    raw = (tmp_path / "evil.npy").read_bytes()
    (folder / f"{sha256_bytes(raw)}.x.npy").write_bytes(raw)
    store = StepStore(tmp_path)
    assert store.load(DIGEST) is None and store.damaged == 1


def test_stats_come_back_as_json_has_them(tmp_path: Path) -> None:
    store = StepStore(tmp_path)
    store.save_stats(DIGEST, {"sigma": [0.1, 1 / 3]})
    assert store.load_stats(DIGEST) == {"sigma": [0.1, 1 / 3]}
    assert store.load(DIGEST) is None


def test_prune_frees_the_longest_unused_and_keeps_what_is_needed(tmp_path: Path) -> None:
    store = StepStore(tmp_path)
    digests = [f"{n:02x}" * 32 for n in range(4)]
    for age, digest in enumerate(digests):
        store.save(digest, PICTURE)
        for file in (tmp_path / digest[:2] / digest).iterdir():
            os.utime(file, (1000 + age, 1000 + age))
    assert store.load(digests[0]) is not None  # used again: now the youngest
    size = next(tmp_path.rglob("*.npy")).stat().st_size
    assert store.prune(2 * size, keep=frozenset({digests[1]})) == 2 * size
    left = {folder.name for folder in tmp_path.glob("??/*")}
    assert left == {digests[0], digests[1]}
    assert store.prune(0, keep=frozenset(left)) == 0
