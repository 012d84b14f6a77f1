"""Named places where a test may kill the process: the promises of the design are tested by breaking them there."""

from __future__ import annotations

import os
import signal

_hits: dict[str, int] = {}

NAMES = ("temp", "rename", "row", "record", "commit")
"""After a temporary file was written, after its rename, after the ledger row, after the record, after the commit."""


def failpoint(name: str) -> None:
    """Kill this process with SIGKILL where RUSHES_FAILPOINT says `name` or `name:N` (the Nth time, from 1)."""
    wanted = os.environ.get("RUSHES_FAILPOINT")
    if not wanted:
        return
    at, _, nth = wanted.partition(":")
    if at != name:
        return
    _hits[name] = _hits.get(name, 0) + 1
    if _hits[name] == int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
