"""What the terminal can show: asked once, before Textual reads the keyboard.

    look(env, choice="auto", meanwhile=...) -> Terminal       asks tmux and the terminal, at most half a second
    understand(replies, env, tmux, choice="auto") -> Terminal   pure
    Terminal(brand, graphics, palette, sync, cell, tmux, typed, why)   .truecolor

All questions go out in one write that ends with DA1, which every terminal answers, and whoever answers answers in
order; so nothing is waited for that will not come. What was typed meanwhile is kept in `typed`. `why` says in words
what was found and what follows: `rushes doctor` prints it.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

from core.errors import BadInput
from core.files import one_line
from tui.video.brands import PLACEHOLDERS, PLAIN, PROTOCOLS, Graphics, brand_of
from tui.video.pace import Palette

PATIENCE = 0.5
"""Seconds for all answers together: two round trips of a bad line."""

_KITTY = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_NAME, _SYNC, _CELL, _END = b"\x1b[>q", b"\x1b[?2026$p", b"\x1b[16t", b"\x1b[c"
_REPLIES = {
    "kitty": rb"\x1b_Gi=31;([^\x1b]*)\x1b\\",
    "name": rb"\x1bP>\|([^\x1b]*)\x1b\\",
    "sync": rb"\x1b\[\?2026;(\d+)\$y",
    "cell": rb"\x1b\[6;(\d+;\d+)t",
    "end": rb"\x1b\[\?([\d;]*)c",
}


@dataclass(frozen=True, slots=True)
class Tmux:
    """What the tmux around says of itself and of the terminal that it draws on."""

    version: str
    passthrough: bool
    features: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Terminal:
    """What was found of a terminal. `cell`: its width and height in pixels, where known. `typed`: keys meanwhile."""

    brand: str = ""
    graphics: Graphics = "half"
    palette: Palette = "truecolor"
    sync: bool = False
    cell: tuple[int, int] | None = None
    tmux: Tmux | None = None
    typed: bytes = b""
    why: tuple[str, ...] = ()

    @property
    def truecolor(self) -> bool:
        return self.palette == "truecolor"


# understanding


def understand(replies: bytes, env: Mapping[str, str], tmux: Tmux | None = None, choice: str = "auto") -> Terminal:
    """What the answers and the environment mean. `choice` is what the person asked for. BadInput: no such choice."""
    found = {name: match[1] for name, form in _REPLIES.items() if (match := re.search(form, replies))}
    brand, how = brand_of(found.get("name", b"").decode("utf-8", "replace"), env)
    palette, colours = _palette(brand, env, tmux)
    graphics, pictures = _graphics(brand, found, env, tmux)
    chosen = choice if choice != "auto" else env.get("RUSHES_GRAPHICS", "auto") or "auto"
    if chosen != "auto":
        graphics, pictures = _asked_for(chosen, "--graphics" if choice != "auto" else "RUSHES_GRAPHICS")
    cell = tuple(map(int, found["cell"].split(b";")))[::-1] if "cell" in found else None
    sync = found.get("sync", b"0") in (b"1", b"2", b"3")
    why = (how, *_around(tmux, found), colours, _flow(sync), pictures)
    typed = re.sub(b"|".join(_REPLIES.values()), b"", replies)
    return Terminal(brand, graphics, palette, sync, cell, tmux, typed, why)  # type: ignore[arg-type]


def _around(tmux: Tmux | None, found: Mapping[str, bytes]) -> tuple[str, ...]:
    lines = []
    if tmux is not None:
        through = (
            "lets pictures through" if tmux.passthrough else "lets no pictures through: set -g allow-passthrough on"
        )
        lines.append(f"in tmux {one_line(tmux.version)}, which {through}")
    if "end" not in found:
        lines.append(f"it did not answer within {PATIENCE} s: what follows is known by the environment alone")
    return tuple(lines)


def _palette(brand: str, env: Mapping[str, str], tmux: Tmux | None) -> tuple[Palette, str]:
    term = env.get("TERM", "")
    if env.get("NO_COLOR"):
        return "shades", "no colours: NO_COLOR is set"
    if term in ("", "dumb", "ansi", "linux", "vt100", "vt220"):
        return "shades", f"pictures in shades: TERM={one_line(term) or 'not set'} has no colours of its own"
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "truecolor", "16 million colours: COLORTERM says so"
    if tmux is not None and "RGB" in tmux.features:
        return "truecolor", "16 million colours: tmux says so of its terminal"
    if brand and brand not in PLAIN and tmux is None:
        return "truecolor", f"16 million colours: {brand} has them"
    return "256", "256 colours: nothing says that there are more (export COLORTERM=truecolor if there are)"


def _flow(sync: bool) -> str:
    if sync:
        return "frames are shown whole, and it answers when one has arrived (synchronised output)"
    return "no synchronised output: a frame may be seen half drawn, and nobody tells when it has arrived"


def _graphics(
    brand: str, found: Mapping[str, bytes], env: Mapping[str, str], tmux: Tmux | None
) -> tuple[Graphics, str]:
    """The protocol for stills and the line that says why this one."""
    term = env.get("TERM", "")
    if term in ("", "dumb"):
        return "none", f"no pictures: TERM={term or 'not set'}"
    if env.get("NO_COLOR"):
        return "half", "stills as half blocks: NO_COLOR is set"
    answers = {"kitty": found.get("kitty") == b"OK", "sixel": b"4" in found.get("end", b"").split(b";")}
    if tmux is not None:
        return _through_tmux(brand, answers, tmux)
    if env.get("ZELLIJ_SESSION_NAME"):
        return ("sixel", "stills as sixels: zellij lets them through") if answers["sixel"] else _half("in zellij")
    for graphics in PROTOCOLS.get(brand, ("sixel", "kitty")):
        # A brand's protocol is doubted where the terminal answered and said nothing of it; iTerm2's cannot be asked.
        if answers.get(graphics, bool(brand)) or (brand and "end" not in found):
            return graphics, f"stills by the {graphics} protocol: {_known(graphics, answers, brand)}"
    return _half(f"{brand or 'this terminal'} is known for no picture protocol, or did not answer to it")


def _known(graphics: Graphics, answers: Mapping[str, bool], brand: str) -> str:
    return "it answered to it" if answers.get(graphics) else f"{brand} has it"


def _through_tmux(brand: str, answers: Mapping[str, bool], tmux: Tmux) -> tuple[Graphics, str]:
    if answers["sixel"] and "sixel" in tmux.features:
        return "sixel", "stills as sixels: tmux and its terminal have them"
    if tmux.passthrough and brand in PLACEHOLDERS and answers["kitty"]:
        return "kitty", f"stills by the kitty protocol: {brand} answered through tmux"
    return _half("nothing finer is known to get through tmux")


def _half(why: str) -> tuple[Graphics, str]:
    return "half", f"stills as half blocks: {why}"


def _asked_for(choice: str, where: str) -> tuple[Graphics, str]:
    for graphics in get_args(Graphics):
        if graphics == choice:
            return graphics, f"stills as {graphics}: {where} asks for it"
    todo = f"It is one of: auto, {', '.join(get_args(Graphics))}."
    raise BadInput(f"There are no graphics called {one_line(choice)!r}.", where=where, todo=todo)


# asking


def look(env: Mapping[str, str], choice: str = "auto", meanwhile: Callable[[], object] = lambda: None) -> Terminal:
    """Ask tmux and the terminal of this process; `meanwhile` is called while answers are on their way.

    Raises BadInput for a choice that there is not.
    """
    understand(b"", env, None, choice)  # a wrong choice is told before anybody is asked
    tmux = ask_tmux(env)
    if env.get("TERM", "") in ("", "dumb"):
        meanwhile()
        return understand(b"", env, tmux, choice)
    return understand(_ask(_questions(tmux), 2 if tmux and tmux.passthrough else 1, meanwhile), env, tmux, choice)


def ask_tmux(env: Mapping[str, str]) -> Tmux | None:
    """The tmux around, or None."""
    if not env.get("TMUX"):
        return None
    form = "#{version}\t#{allow-passthrough}\t#{client_termfeatures}"
    command = ["tmux", "display-message", "-p", "-t", env.get("TMUX_PANE", ""), form]
    try:
        said = subprocess.run(command, env=dict(env), capture_output=True, text=True, timeout=1.0).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    version, passthrough, features = [*said.rstrip("\n").split("\t"), "", "", ""][:3]
    return Tmux(version or "unknown", passthrough in ("on", "all", "1", "2"), frozenset(features.split(",")))


def _questions(tmux: Tmux | None) -> bytes:
    """tmux answers for itself first; where it lets through, the terminal behind it answers as well, and later."""
    if tmux is None:
        return _KITTY + _NAME + _SYNC + _CELL + _END
    inner = _SYNC + _CELL + _END
    behind = (_KITTY + _NAME + _END).replace(b"\x1b", b"\x1b\x1b")
    return inner + (b"\x1bPtmux;%b\x1b\\" % behind if tmux.passthrough else b"")


def _ask(questions: bytes, ends: int, meanwhile: Callable[[], object]) -> bytes:
    """Everything that came in until the last answer or the end of patience; nothing where there is no terminal."""
    import termios
    import tty

    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        meanwhile()
        return b""
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSANOW)
        os.write(terminal, questions)
        deadline = time.monotonic() + PATIENCE
        meanwhile()
        return _heard(terminal, ends, deadline)
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
        os.close(terminal)


def _heard(terminal: int, ends: int, deadline: float) -> bytes:
    import select

    heard = b""
    while len(re.findall(_REPLIES["end"], heard)) < ends:
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            break
        heard += os.read(terminal, 4096)
    return heard
