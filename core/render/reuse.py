"""Step outputs kept for re-use: a folder of arrays by digest, each file named by its own hash."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files import canonical_json, explained, safe_name, settle, sha256_bytes, temp_beside, write_atomic

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Kept:
    """A step's output that was kept: the array (read-only), and the version or preview it was made for."""

    array: NDArray[np.float32]
    origin: str


class StepStore:
    """Pictures by step digest under `root`: `<digest>/<sha256 of the file>.<who made it>.npy`.

    A file that is not what its name says is removed, never used.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.damaged = 0
        """Files that did not hold what they were written with, and were removed."""

    def load(self, digest: str) -> Kept | None:
        """What was saved under `digest`; None where there is none that is whole."""
        for path, raw in self._verified(digest, ".npy"):
            try:
                array = _array(raw)
            except ValueError:
                self._remove(path)
                continue
            os.utime(path)  # the last use decides what is freed first
            return Kept(array, path.name.split(".")[1])
        return None

    def save(self, digest: str, array: NDArray[np.float32], origin: str = "") -> None:
        """Keep a float32 array. Raises DiskFull or Broken; a part of a file never gets a name."""
        import numpy as np

        folder = self._folder(digest)
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            temp = temp_beside(folder / "new.npy")
            try:
                body = np.ascontiguousarray(array, np.float32).data.cast("B")
                head = _header(array.shape)
                sha = hashlib.sha256(head)
                sha.update(body)
                with temp.open("wb") as handle:
                    handle.write(head)
                    handle.write(body)
                settle(temp, folder / f"{sha.hexdigest()}.{safe_name(origin)}.npy")
            finally:
                temp.unlink(missing_ok=True)

    def load_stats(self, digest: str) -> Mapping[str, Any] | None:
        """What an operation measured, saved under `digest`."""
        for path, raw in self._verified(digest, ".json"):
            os.utime(path)
            stats: Mapping[str, Any] = json.loads(raw)
            return stats
        return None

    def save_stats(self, digest: str, stats: Mapping[str, Any]) -> None:
        raw = canonical_json(stats).encode()
        write_atomic(self._folder(digest) / f"{sha256_bytes(raw)}.stats.json", raw)

    def prune(self, limit_bytes: int, keep: frozenset[str] = frozenset()) -> int:
        """Free the longest unused outputs down to `limit_bytes`, none with a digest in `keep`. Returns bytes freed."""
        entries, total = [], 0
        for folder in self.root.glob("??/*/"):
            files = [path.stat() for path in folder.iterdir() if path.is_file()]
            size = sum(info.st_size for info in files)
            total += size
            if folder.name not in keep:
                entries.append((max((info.st_mtime_ns for info in files), default=0), size, folder))
        freed = 0
        for _, size, folder in sorted(entries, key=lambda entry: entry[0]):
            if total - freed <= limit_bytes:
                break
            shutil.rmtree(folder, ignore_errors=True)
            freed += size
        return freed

    def _folder(self, digest: str) -> Path:
        return self.root / digest[:2] / digest

    def _verified(self, digest: str, suffix: str) -> Iterator[tuple[Path, bytes]]:
        for path in sorted(self._folder(digest).glob(f"[0-9a-f]*{suffix}")):
            try:
                raw = path.read_bytes()
            except FileNotFoundError:  # freed by another process
                continue
            if sha256_bytes(raw) == path.name.split(".")[0]:
                yield path, raw
            else:
                self._remove(path)

    def _remove(self, path: Path) -> None:
        self.damaged += 1
        path.unlink(missing_ok=True)


def _header(shape: tuple[int, ...]) -> bytes:
    import io

    from numpy.lib import format as npy

    head = io.BytesIO()
    npy.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return head.getvalue()


def _array(raw: bytes) -> NDArray[np.float32]:
    """A view of the file's bytes: no copy, and no pickle is ever looked at. Raises ValueError."""
    import io

    import numpy as np
    from numpy.lib import format as npy

    head = io.BytesIO(raw)
    if npy.read_magic(head) != (1, 0):
        raise ValueError("not a version 1.0 npy file")
    shape, fortran, dtype = npy.read_array_header_1_0(head)
    if fortran or dtype != np.dtype("<f4"):
        raise ValueError("not a float32 array in C order")
    return np.frombuffer(raw, "<f4", offset=head.tell()).reshape(shape)
