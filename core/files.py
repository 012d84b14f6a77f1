"""Files that are whole or absent, locks that die with their process, names and text that are safe to show."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import socket
import unicodedata
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core.errors import BadInput, Broken, DiskFull
from core.failpoints import failpoint

_WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
_NETWORK_FILESYSTEMS = (
    *("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "panfs", "wekafs"),
    *(f"fuse.{name}" for name in ("sshfs", "ceph", "gluster", "rclone", "s3fs", "gcsfuse", "juicefs", "moosefs")),
)
_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
_SELECTORS = re.compile(r"[\ufe00-\ufe0f]")
"""They say how wide the sign before them is drawn."""


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals for `path` into errors an artist can act on."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "The disk is full.", where=str(path), todo="Free some space, then run the command again."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise Broken(
                "Not allowed to write here.",
                where=str(path),
                todo="Check its permissions, or name a folder of your own: `media` in rushes.toml for pictures, "
                "RUSHES_STATE for drafts and the queue. A show that may only be read: git clone it first.",
            ) from error
        if error.errno == errno.ENAMETOOLONG:
            raise Broken(
                "The file system does not take a name this long.", where=str(path), todo="Use a shorter folder or name."
            ) from error
        raise


def refused(path: Path, reason: str) -> Broken:
    """The error for a library that could not write `path` and says why in words of its own.

    A full disk is known by looking at it: libraries lose the error number.
    """
    if "no space" in reason.lower() or shutil.disk_usage(path.parent).free < 1 << 20:
        return DiskFull("The disk is full.", where=str(path), todo="Free some space, then run the command again.")
    return Broken(
        f"This could not be written: {one_line(reason)}.",
        where=str(path),
        todo="Check the disk and its permissions, then run the command again.",
    )


def temp_beside(path: Path) -> Path:
    """A temporary name in the same folder, so the rename stays on one file system. Same ending: writers look at it."""
    return path.with_name(f".{path.stem}.{os.getpid()}.{os.urandom(4).hex()}.tmp{path.suffix}")


def sweep(folder: Path, stem: str = "*") -> None:
    """Remove what writers that died left half-written in a folder, where nobody else may be writing such files now."""
    for temp in folder.glob(f".{stem}.*.tmp*"):
        temp.unlink(missing_ok=True)


def settle(temp: Path, path: Path) -> None:
    """Give a finished temporary file its name: fsync, rename, fsync of the folder."""
    with explained(path):
        with temp.open("rb") as handle:
            os.fsync(handle.fileno())
        failpoint("temp")
        temp.replace(path)
        fsync_dir(path.parent)
    failpoint("rename")


def fsync_dir(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomic(path: Path, data: bytes | str) -> None:
    """Write a file so that a reader sees the old content or the new, never a part.

    Raises:
        DiskFull, Broken: with the old content still in place.
    """
    raw = data.encode() if isinstance(data, str) else data
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_beside(path)
        try:
            temp.write_bytes(raw)
            settle(temp, path)
        finally:
            temp.unlink(missing_ok=True)


def write_all(texts: Mapping[Path, bytes | str]) -> None:
    """`write_atomic` of many files, several at once: what a disk is asked for together it confirms together.

    Raises:
        DiskFull, Broken: some of the files are written, others as they were.
    """
    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(write_atomic, texts, texts.values()):
            pass


def write_once(path: Path, data: bytes | str) -> None:
    """Write a file that is never written again. The same content a second time is fine (a resumed act).

    Raises:
        Broken: where it exists with other content.
    """
    raw = data.encode() if isinstance(data, str) else data
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temp = temp_beside(path)
        try:
            temp.write_bytes(raw)
            with temp.open("rb") as handle:
                os.fsync(handle.fileno())
            failpoint("temp")
            os.link(temp, path)
            fsync_dir(path.parent)
        except FileExistsError:
            if path.read_bytes() != raw:
                raise Broken(
                    "This file is written once and already holds something else.",
                    where=str(path),
                    todo="Nothing was overwritten. Run `rushes verify` to see what happened to it.",
                ) from None
        finally:
            temp.unlink(missing_ok=True)
    failpoint("rename")


def append_line(path: Path, line: str) -> None:
    """Append one whole line with its newline in a single write, then fsync.

    A line torn by a crash is closed first, so it can never swallow the next one.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            os.write(handle, (("\n" if torn else "") + line + "\n").encode())
            os.fsync(handle)
        finally:
            os.close(handle)


def sha256_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Hash a file of any size. Raises OSError as `open` does."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, no NaN. For digests."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


class FileLock:
    """An exclusive lock that the kernel drops when its holder dies. The file says who holds it."""

    def __init__(self, path: Path, *, everyone: bool = False) -> None:
        """`everyone`: every user of this machine may take it (the file's mode is opened up)."""
        self.path = path
        self._everyone = everyone
        self._handle: int | None = None

    def acquire(self, *, wait: bool = False) -> bool:
        """Take the lock; with `wait` until it is free. False where another process holds it."""
        with explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = self._open()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(handle)
            return False
        except OSError as error:
            os.close(handle)
            raise Broken(
                f"This file system gives no locks ({error.strerror}), so two processes could write at once.",
                where=str(self.path),
                todo="Work on a local disk: a git clone for the show, RUSHES_STATE for drafts and the queue.",
            ) from error
        except BaseException:
            os.close(handle)
            raise
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{socket.gethostname()} {os.getpid()}\n".encode(), 0)
        self._handle = handle
        return True

    def _open(self) -> int:
        """Open the file, made where missing. O_CREAT last: Linux refuses it on another's file in a sticky folder."""
        with contextlib.suppress(FileNotFoundError):
            return os.open(self.path, os.O_RDWR | os.O_NOFOLLOW)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        if self._everyone:
            os.fchmod(handle, 0o666)
        return handle

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def held(self) -> bool:
        """Whether a living process holds it. Asks with a shared lock, so two who ask at once do not see each other."""
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def holder(self) -> str:
        """Host and process id of the last holder, as it wrote them."""
        try:
            return self.path.read_text().strip()
        except OSError:
            return ""

    def __enter__(self) -> FileLock:
        self.acquire(wait=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def safe_text(text: str, *, keep_newlines: bool = False) -> str:
    """Text that cannot move a cursor, change a colour or turn the reading direction: control characters become `·`.

    Joiners, variation selectors and other signs without a width go: terminals do not agree how wide they make a text.
    """
    if (text.replace("\n", "") if keep_newlines else text).isprintable() and not _SELECTORS.search(text):
        return text  # printable leaves out all else that is replaced here, and is 50 times as fast to ask
    kept = kept_text(text, keep_newlines=keep_newlines)
    return "".join(char for char in kept if unicodedata.category(char) != "Cf" and not _SELECTORS.match(char))


def kept_text(text: str, *, keep_newlines: bool = False) -> str:
    """What somebody typed, as files keep it: as `safe_text`, with the joiners that some scripts are written with."""

    def clean(char: str) -> str:
        if char == "\n" and keep_newlines:
            return char
        if char in "\n\r\t":
            return " "
        bad = ord(char) in _BIDI or unicodedata.category(char) in ("Cc", "Cs", "Co", "Zl", "Zp")
        return "·" if bad else char

    return "".join(map(clean, text))


def one_line(text: str, limit: int = 200) -> str:
    """`safe_text` on one line, white space folded, at most `limit` characters."""
    flat = re.sub(r"\s+", " ", safe_text(text)).strip()
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"


def safe_name(text: str, fallback: str = "unnamed") -> str:
    """A name of `[A-Za-z0-9_-]` that every file system takes: accents folded, other characters become `_`."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", ascii_text).strip("_-")[:80] or fallback
    return f"{name}_" if name.lower() in _WINDOWS_DEVICES else name


def is_safe(text: str) -> bool:
    """Whether it is a safe name as it stands."""
    return safe_name(text) == text


def check_name(text: str, what: str) -> str:
    """Return `text` where it is a safe name already. Raises BadInput: used for what a person types as an id."""
    if not is_safe(text):
        raise BadInput(f"Not a usable {what}: {one_line(text)!r}.", todo="Use letters, digits, `_` and `-`.")
    return text


def machine_id() -> str:
    """What tells this machine from every other: systemd's id, else its name."""
    try:
        found = Path("/etc/machine-id").read_text().strip()
    except OSError:
        found = ""
    return safe_name(found or socket.gethostname(), "machine")


def is_network_path(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The file system's type where `path`, links followed, lies on a network file system, else an empty string."""
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    target, best = str(path.resolve()), ("", "")
    for line in lines:
        _, mount, kind, *_ = line.split(" ")
        mount = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), mount)  # space, tab, newline, backslash
        inside = target == mount or target.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= len(best[0]):
            best = (mount, kind)
    return best[1] if best[1].startswith(_NETWORK_FILESYSTEMS) else ""
