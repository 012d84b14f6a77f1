"""Where keys lie in TOML, and edits in place: against `tomllib` on documents written in every style TOML has."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recipe.toml import Path, drop, put, scan, toml_key, toml_text, toml_value

keys = st.sampled_from(["a", "b", "prompt", "dé j", "x.y", 'q"', "9", "-"])
text = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["[fake]\nkey = 1", 'say "hi"', "# no comment", "'''", '"""', "a\\", "{", "]", ""]
)
scalars = st.integers() | st.floats(allow_nan=False) | st.booleans() | text
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)
gaps = st.sampled_from(["", "\n", "# comment = 3 ]}\n", "\n   # [section]\n\n", "  "])
tails = st.sampled_from(["", "  # tail \"'[", "\t"])


@st.composite
def styled(draw: st.DrawFn, value: Any) -> str:
    """A value in some way of writing it."""
    if isinstance(value, str) and "'" not in value and value.isprintable() and draw(st.booleans()):
        return f"'{value}'"
    if isinstance(value, str) and draw(st.booleans()):
        return toml_text(value)
    if isinstance(value, list) and value:
        inner = [draw(gaps).replace("  ", " ") + draw(styled(part)) for part in value]
        return f"[{','.join(inner)}{draw(st.sampled_from(['', ',', ' , # end' + chr(10)]))}]"
    return toml_value(value)


@st.composite
def pairs(draw: st.DrawFn, used: set[str]) -> str:
    """Some lines of `key = value`, plain and dotted."""
    lines = ""
    for key in draw(st.lists(keys, unique=True, max_size=4)):
        if key in used:
            continue
        used.add(key)
        dotted = f"{toml_key(key)} . {toml_key(draw(keys))}" if draw(st.booleans()) else toml_key(key)
        indent = draw(st.sampled_from(["", "  "]))
        lines += f"{draw(gaps).strip(' ')}{indent}{dotted} = {draw(styled(draw(values)))}{draw(tails)}\n"
    return lines


@st.composite
def documents(draw: st.DrawFn) -> str:
    used: set[str] = set()
    whole = draw(pairs(used))
    for number in range(draw(st.integers(0, 2))):
        whole += f"{draw(gaps)}[t{number} . sub]{draw(tails)}\n{draw(pairs(set()))}"
    for _ in range(draw(st.integers(0, 3))):
        whole += f"[[step]]{draw(tails)}\n{draw(pairs({'extra', 'curves'}))}"
        if draw(st.booleans()):
            whole += f"[step.curves]\n{draw(pairs(set()))}"
        for _ in range(draw(st.integers(0, 2))):
            whole += f"[[step.extra]]\n{draw(pairs(set()))}"
    return whole


def every_path(value: Any, path: Path = ()) -> dict[Path, Any]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = {path: value}
    for key, part in inner:
        found |= every_path(part, (*path, key))
    return found


@given(documents())
def test_every_key_that_tomllib_sees_is_found_with_its_value(document: str) -> None:
    found, truth = scan(document), every_path(tomllib.loads(document))
    del truth[()]
    assert found.starts.keys() == truth.keys()
    for path, span in found.values.items():
        assert tomllib.loads(f"v = {document[span.start : span.end]}")["v"] == truth[path]
    leaves = {path for path, value in truth.items() if not isinstance(value, (dict, list))}
    assert leaves <= found.values.keys()


@given(documents())
def test_the_line_of_a_key_holds_the_key(document: str) -> None:
    lines, found = document.split("\n"), scan(document)
    for path in found.starts:
        if isinstance(path[-1], str):
            assert path[-1] in lines[found.line(path) - 1] or toml_key(path[-1]) in lines[found.line(path) - 1]


@given(documents(), st.data())
def test_put_changes_one_value_and_no_other_character(document: str, data: st.DataObject) -> None:
    found = scan(document)
    if not found.values:
        return
    path = data.draw(st.sampled_from(sorted(found.values, key=repr)))
    value = data.draw(values)
    changed = put(document, path, toml_value(value))
    truth = every_path(tomllib.loads(changed))
    assert truth[path] == value
    span = found.values[path]
    assert changed.startswith(document[: span.start]) and changed.endswith(document[span.end :])
    before = every_path(tomllib.loads(document))
    for other, kept in before.items():
        if other[: len(path)] != path and path[: len(other)] != other:
            assert truth[other] == kept


@given(documents(), st.data())
def test_a_new_key_goes_into_its_table_and_every_line_stays(document: str, data: st.DataObject) -> None:
    home = data.draw(st.sampled_from(sorted(scan(document).homes, key=repr)))
    path = (*home, "new", "key")
    if (*home, "new") in scan(document).starts:
        return
    changed = put(document, path, "7")
    before, after = every_path(tomllib.loads(document)), every_path(tomllib.loads(changed))
    assert after[path] == 7
    assert {key for key in after if key not in before} == {path, (*home, "new")}
    assert is_subsequence(document, changed)
    assert tomllib.loads(drop(changed, path)) in (tomllib.loads(document), _with_empty(document, home))


@given(documents(), st.data())
def test_drop_takes_one_key_out(document: str, data: st.DataObject) -> None:
    keyed = [path for path in scan(document).values if isinstance(path[-1], str)]
    if not keyed:
        return
    path = data.draw(st.sampled_from(sorted(keyed, key=repr)))
    after = every_path(tomllib.loads(drop(document, path)))
    gone = {key for key in every_path(tomllib.loads(document)) if key not in after}
    assert path in gone
    # A dotted key takes the tables with it that only it made.
    assert all(key[: len(path)] == path or path[: len(key)] == key for key in gone)


def _with_empty(document: str, home: Path) -> Any:
    data = tomllib.loads(document)
    table = data
    for part in home:
        table = table[part]  # type: ignore[call-overload]
    table["new"] = {}
    return data


def is_subsequence(short: str, long: str) -> bool:
    rest = iter(long)
    return all(char in rest for char in short)


@given(st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=6), values, max_size=4))
def test_written_values_read_back(table: dict[str, Any]) -> None:
    lines = "".join(f"{toml_key(key)} = {toml_text(value)}\n" for key, value in table.items())
    assert tomllib.loads(lines) == table


@pytest.mark.parametrize("path", [("step", 3, "a"), ("step", 0, "extra", 0, "b")])
def test_a_list_has_no_element_to_put_into(path: Path) -> None:
    with pytest.raises(KeyError):
        put("[[step]]\nx = 1\n", path, "1")
