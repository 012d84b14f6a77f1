"""The user's own keys: `keys.toml` in the configuration folder, an action's id and its keys a line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from core.errors import BadInput
from core.files import one_line
from tui.app.actions import by_id


def keymap_path(env: Mapping[str, str]) -> Path:
    """RUSHES_KEYS, else `rushes/keys.toml` in XDG_CONFIG_HOME or ~/.config."""
    if env.get("RUSHES_KEYS"):
        return Path(env["RUSHES_KEYS"])
    home = env.get("XDG_CONFIG_HOME") or str(Path(env.get("HOME", "/")) / ".config")
    return Path(home) / "rushes" / "keys.toml"


def read_keymap(path: Path) -> dict[str, str]:
    """Action id → keys as Textual names them; empty where there is no file.

    Raises:
        BadInput: not TOML, an action that does not exist, keys that are no text.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BadInput(
            f"Your keys cannot be read: {one_line(str(error))}.", where=str(path), todo='Write: "cut.approve" = "A"'
        ) from error
    known = by_id()
    for name, keys in data.items():
        if name not in known or not isinstance(keys, str) or not keys.strip():
            close = [action for action in known if action.rpartition(".")[2] == name.rpartition(".")[2]]
            todo = f"Perhaps {close[0]}." if close else "docs/keys.md lists every action and its keys."
            raise BadInput(f"There is no action {one_line(name)!r} to put on a key.", where=str(path), todo=todo)
    return dict(data)
