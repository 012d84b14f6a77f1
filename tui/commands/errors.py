"""The one place where an error becomes words on stderr and an exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from enum import IntEnum
from types import FrameType

from core.errors import BadInput, Difference, RushesError
from core.files import one_line, safe_text


class Exit(IntEnum):
    """What `rushes` ends with. 130 is what shells expect after Ctrl-C."""

    DONE = 0
    DIFFERENCE = 1
    BAD_INPUT = 2
    BROKEN = 3
    STOPPED = 130


def guarded(act: Callable[[], int | None], *, debug: bool) -> int:
    """Run `act`; whatever it raises becomes one clear message and an exit code. A traceback only with `debug`."""
    try:
        code = act()
        sys.stdout.flush()
        return Exit.DONE if code is None else code
    except BrokenPipeError:
        # The reader (`head`, a pager) has seen enough. Nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.DONE
    except KeyboardInterrupt:
        _tell("Stopped. What was queued goes on; see `rushes queue`.")
        return Exit.STOPPED
    except Exception as error:
        if debug:
            import traceback

            traceback.print_exc()
        return explain(error)


def explain(error: Exception) -> Exit:
    """Say on stderr what happened, where, and what to do next. Returns the exit code that goes with it."""
    if isinstance(error, RushesError):
        _tell(str(error))
        if isinstance(error, BadInput):
            return Exit.BAD_INPUT
        return Exit.DIFFERENCE if isinstance(error, Difference) else Exit.BROKEN
    if isinstance(error, OSError) and error.strerror:
        _tell(f"The system refused: {error.strerror}.", where=str(error.filename or ""))
        return Exit.BROKEN
    usage = _usage(error)
    if usage is not None:
        _tell(usage[0], todo=usage[1])
        return Exit.BAD_INPUT
    _tell(
        f"Something broke: {type(error).__name__}: {one_line(str(error))}. This is a bug.",
        todo="Run it again with --debug and report what it prints. Finished frames and notes are kept.",
    )
    return Exit.BROKEN


def _usage(error: Exception) -> tuple[str, str] | None:
    """Message and next step for a command line that Typer refused; None for any other error."""
    from typer.exceptions import TyperException

    if not isinstance(error, TyperException):
        return None
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "rushes"
    return one_line(error.format_message()), f"See {path} --help."


def _tell(what: str, *, where: str = "", todo: str = "") -> None:
    lines = [what, f"  where: {where}" if where else "", f"  next:  {todo}" if todo else ""]
    sys.stderr.write(safe_text("\n".join(filter(None, lines)), keep_newlines=True) + "\n")


def obey_signals() -> None:
    """A dropped line or a plain `kill` ends a command quietly, with temporary files cleaned up on the way."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for name in (signal.SIGHUP, signal.SIGTERM):
        # What nohup ignores stays ignored.
        if signal.getsignal(name) is not signal.SIG_IGN:
            signal.signal(name, leave)
