"""HTML made of elements: text is escaped because it is text, not because somebody remembered to."""

from __future__ import annotations

import html

from core.files import safe_text

_VOID = frozenset({"img", "meta", "br"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def el(name: str, /, *inside: str | None, **attributes: str) -> Html:
    """An element. What is inside is escaped unless it is `Html`; None is left out. `cls` becomes `class`.

    Only names from our own code may be passed as `name` and as attributes; their values are escaped.
    """
    told = "".join(f' {key.replace("cls", "class")}="{_escaped(value)}"' for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{joined(*inside)}</{name}>")


def joined(*parts: str | None) -> Html:
    """Parts one after the other, each escaped unless it is `Html`."""
    return Html("".join(part if isinstance(part, Html) else _escaped(part) for part in parts if part is not None))


def _escaped(text: str) -> str:
    return html.escape(safe_text(text, keep_newlines=True), quote=True)
