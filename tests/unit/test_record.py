"""Render records and manifests: what a version came to, readable without us."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ShowError
from core.history.record import (
    Record,
    Reuse,
    UsedModel,
    frame_list_digest,
    manifest_text,
    read_manifest,
    read_record,
    record_text,
)

SHA = "a" * 64
NAMES = st.text(st.sampled_from("ab \\\n\r*é.'\"-#"), min_size=1, max_size=8).filter(
    lambda name: name not in (".", "..")
)


def a_record(**more: object) -> Record:
    plain: dict[str, object] = {
        "shot": "sq010_sh0020", "version": "v003", "state": "complete", "at": "2026-01-02T03:04:05+00:00",
        "asked_by": "Ana <a@x.y>", "recipe": f"sha256:{SHA}", "range": (1001, 1002), "count": 2, "size": (768, 432),
        "type": "half", "colour": "ACEScg",
        "media": "sq010_sh0020/sq010_sh0020_gen_v003/sq010_sh0020_gen_v003.%04d.exr",
    }  # fmt: skip
    return Record(**(plain | more))  # type: ignore[arg-type]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("aé \n"),
    lambda inner: st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=6,
)


@given(
    measured=st.dictionaries(st.text("xyz", min_size=1), JSON, max_size=4),
    pixels=st.dictionaries(st.integers(-20, 20000), st.text("0123456789abcdef", min_size=64, max_size=64), max_size=5),
    reuse=st.dictionaries(
        st.text("pq"), st.builds(Reuse, st.integers(0), st.integers(0), st.just(("v001",))), max_size=2
    ),
    notes=st.lists(st.text("aé ")).map(tuple),
)
def test_a_record_comes_back_and_its_text_is_canonical(measured, pixels, reuse, notes) -> None:  # type: ignore[no-untyped-def]
    model = UsedModel("u2netp", "main", SHA, "Apache-2.0")
    record = a_record(
        measured=measured, pixels=pixels, reuse=reuse, notes=notes, models=(model,), facts={1001: {"steps": 3}}
    )
    text = record_text(record)
    assert read_record(text, "v003.json") == record
    turned = a_record(
        measured=dict(reversed(measured.items())), pixels=dict(reversed(pixels.items())), reuse=reuse, notes=notes,
        models=(model,), facts={1001: {"steps": 3}},
    )  # fmt: skip
    assert record_text(turned) == text and text.endswith("}\n")


def test_numbers_that_json_cannot_hold_do_not_lose_a_finished_render() -> None:
    text = record_text(a_record(measured={"psnr": float("inf"), "flicker": float("nan")}))
    assert json.loads(text, parse_constant=pytest.fail)["measured"] == {"flicker": "NaN", "psnr": "Infinity"}


def test_text_from_files_is_safe_to_cat() -> None:
    text = record_text(a_record(notes=("\x9b31mred",), environment={"gpu\x1b": "\u202edrawkcab"}))
    assert "·31mred" in text and "gpu·" in text and "\u202e" not in text


def test_unknown_keys_are_kept_and_a_newer_schema_is_refused() -> None:
    data = json.loads(record_text(a_record()))
    read = read_record(json.dumps(data | {"energy_wh": 12}), "v003.json")
    assert read.extra == {"energy_wh": 12} and '"energy_wh": 12' in record_text(read)
    with pytest.raises(ShowError, match="newer rushes") as caught:
        read_record(json.dumps(data | {"schema": 2}), "shots/a/v003.json")
    assert caught.value.where == "shots/a/v003.json"
    for broken in (
        "",
        "[]",
        "{}",
        '{"schema": 1}',
        json.dumps(data | {"models": [1]}),
        json.dumps(data | {"pixels": {"x": ""}}),
    ):
        with pytest.raises(ShowError, match="not a render record"):
            read_record(broken, "x")


@given(st.sets(NAMES, min_size=1, max_size=4))
def test_sha256sum_itself_accepts_a_manifest_of_odd_names(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    root = tmp_path_factory.mktemp("media")
    rows = []
    for number, name in enumerate(sorted(names)):
        (root / f"d{number}").mkdir()
        (root / f"d{number}" / name).write_text(name)
        rows.append((hashlib.sha256(name.encode()).hexdigest(), f"d{number}/{name}"))
    text = manifest_text(reversed(rows))
    assert read_manifest(text, "v003.sha256") == tuple(rows)
    done = subprocess.run(["sha256sum", "-c", "--strict"], cwd=root, input=text.encode(), capture_output=True)
    assert done.returncode == 0, (text, done)
    made = subprocess.run(["sha256sum", *(path for _, path in rows)], cwd=root, capture_output=True)
    assert made.stdout.decode() == text


def test_sha256sum_notices_a_changed_frame(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(b"picture")
    manifest = tmp_path / "v003.sha256"
    manifest.write_text(manifest_text([(hashlib.sha256(b"picture").hexdigest(), "a.exr")]))
    assert frame_list_digest(manifest.read_text()) == hashlib.sha256(manifest.read_bytes()).hexdigest()
    check = ["sha256sum", "-c", manifest.name]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 0
    (tmp_path / "a.exr").write_bytes(b"pictura")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 1


@pytest.mark.parametrize("bad", ["short  a\n", f"{SHA} a\n", f"{SHA}  a", f"{SHA}  a\n\n", f"{SHA}  \n"])
def test_a_damaged_or_torn_manifest_names_the_line(bad: str) -> None:
    with pytest.raises(ShowError) as caught:
        read_manifest(f"{SHA}  ok\n{bad}", "v003.sha256")
    assert caught.value.where.startswith("v003.sha256:") and caught.value.where[-1] in "23"


@pytest.mark.parametrize("rows", [["a", "a"], ["/a"], ["../a"], ["a//b"]])
def test_a_manifest_stays_inside_the_media_root(rows: list[str]) -> None:
    with pytest.raises(ValueError):
        manifest_text([(SHA, path) for path in rows])
