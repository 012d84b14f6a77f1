"""The command `rushes`. Nothing heavy is imported here: `--version` answers before Typer is loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tui.commands.errors import Exit, guarded, obey_signals


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code (see `tui.commands.errors.Exit`)."""
    words = list(sys.argv[1:] if argv is None else argv)
    typed = words[: words.index("--")] if "--" in words else words
    debug = "--debug" in typed or bool(os.environ.get("RUSHES_DEBUG"))
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets `?`, never a crash; a log has lines in the order they were said.
        stream.reconfigure(errors="replace", line_buffering=True)  # type: ignore[union-attr]
    if words[:1] == ["--version"]:
        return guarded(tell_version, debug=debug)
    obey_signals()
    return guarded(lambda: _run([word for word in words if word != "--debug" or word not in typed]), debug=debug)


def tell_version() -> None:
    from importlib.metadata import version

    sys.stdout.write(f"rushes {version('rushes')}\n")


def _run(words: list[str]) -> int:
    from typer.exceptions import Exit as Leave
    from typer.main import get_command

    from tui.commands.root import build

    command = get_command(build())
    try:
        # Not command.main(): it has its own ways with Ctrl-C and broken pipes, and here there is one.
        with command.make_context("rushes", words) as context:
            command.invoke(context)
    except Leave as leave:
        return leave.exit_code
    return Exit.DONE


if __name__ == "__main__":
    sys.exit(main())
