"""Shots of a cut: ids that last, the anchor that never moves, media found wherever they may lie, and `shot.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cut.incoming.read import Cut, read_cut
from core.cut.shots import Plate, Shot, Use, make_shots, read_shot, sequence_digest, shot_text
from core.errors import MediaError, ShowError
from core.files import safe_name, sha256_bytes, sha256_file
from core.frames import FrameRange
from otio_adapters import versions
from otio_adapters.normalise import normalise
from tests.timelines import clip, counted, cuts, media_info, movie, save, schema, settings, span, timeline

GOLDEN = Path(__file__).parent.parent / "golden"


def shots_of(made: Any, folder: Path, existing: Mapping[str, Shot] | None = None, **changes: Any) -> Any:
    cut = read_cut(save(made, folder / "cut.otio"))
    return make_shots(
        cut, settings(**changes), probe=media_info, root=folder / "show", source=folder / "cut.otio",
        existing=existing or {},
    )  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("plate.mov", "other.mov"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


# Ids and grouping


def test_near_uses_of_a_source_are_one_shot_and_far_ones_are_not(place: Path) -> None:
    items = [clip("x", movie(), start, 10) for start in (100, 158, 217, 50)]
    shots, _ = shots_of(timeline(items), place)
    # Gaps: 50-59 to 100 is 40, to 158 is 48 (still near), 168 to 217 is 49 (apart). In cut order the first use leads.
    assert [[use.record for use in shot.uses] for shot in shots] == [[0, 10, 30], [20]]
    assert [shot.id for shot in shots] == ["sh0010", "sh0020"]
    assert shots[0].cut_range == FrameRange(1009, 1009 + 167 - 50)


def test_names_that_look_like_shots_are_ids(place: Path) -> None:
    names = ["sq010_sh0020", "SQ010 sh0030", "sh0040_v003.mov", "sq010_sh0050_gen_v002", "A001_C003_0101", ""]
    items = [clip(name, movie(), n * 100, 10) for n, name in enumerate(names)]
    shots, warnings = shots_of(timeline(items), place, share_gap=0)
    assert [shot.id for shot in shots] == [
        "sq010_sh0020", "SQ010_sh0030", "sh0040", "sq010_sh0050", "sh0010", "sh0020",
    ]  # fmt: skip
    assert warnings == ()


def test_clips_that_name_different_shots_are_never_one(place: Path) -> None:
    used = (("sh0010", 0), ("sh0020", 12), ("sh0010", 24), ("", 30))
    items = [clip(name, movie(), start, 10) for name, start in used]
    shots, _ = shots_of(timeline(items), place)
    assert {shot.id: len(shot.uses) for shot in shots} == {"sh0010": 3, "sh0020": 1}


def test_a_name_on_two_media_gets_a_suffix_and_a_warning(place: Path) -> None:
    items = [clip("sh0010", movie(), 0, 10), clip("SH0010", movie("other.mov"), 0, 10), clip("", movie(), 500, 9)]
    shots, warnings = shots_of(timeline(items), place)
    assert [shot.id for shot in shots] == ["sh0010", "SH0010_2", "sh0020"]
    assert warnings == ("SH0010: the name is taken by other media, this one is called SH0010_2",)


@given(cuts())
def test_ids_are_safe_and_unique_and_every_video_clip_is_used_once(made: Any) -> None:
    normalise(made, counted())
    cut = Cut(made, "x", Fraction(25), ())
    shots, _ = make_shots(cut, settings(), probe=media_info, root=Path("/nowhere"), existing={})
    ids = [shot.id for shot in shots]
    assert len({shot_id.lower() for shot_id in ids}) == len(ids)
    assert all(safe_name(shot_id) == shot_id for shot_id in ids)
    used = [use.clip_id for shot in shots for use in shot.uses]
    assert len(used) == len(set(used))
    # And brought in again, everything stays what it was.
    again, _ = make_shots(
        cut, settings(), probe=media_info, root=Path("/nowhere"), existing={shot.id: shot for shot in shots}
    )
    assert again == shots


# The anchor


def test_the_first_frame_needed_is_1001_and_the_head_handle(place: Path) -> None:
    first, second = clip("sh0010", movie(start=900000), 900100, 20), clip("sh0010", movie(start=900000), 900090, 5)
    ((shot,), _) = shots_of(timeline([first, second]), place, handles=(12, 4))
    assert shot.plate.offset == 1001 + 12 - 90
    assert (shot.cut_range, shot.range) == (FrameRange(1013, 1042), FrameRange(1001, 1046))
    assert shot.plate.index(1013) == 90 and shot.plate.frames == FrameRange(923, 1922)


def test_handles_end_where_the_media_end(place: Path) -> None:
    ((shot,), _) = shots_of(timeline([clip("sh0010", movie(), 3, 995)]), place)
    assert shot.range == FrameRange(1006, 1005 + 1000), "3 frames of head, 2 of tail"
    ((shot,), warnings) = shots_of(timeline([clip("sh0010", movie(), -5, 10)]), place)
    assert warnings == ("sh0010: the cut needs media frames -5-4, the media have 0-999",)


def test_a_recut_moves_no_frame_and_keeps_what_people_set(place: Path) -> None:
    ((shot,), _) = shots_of(timeline([clip("sh0010", movie(), 100, 20)]), place)
    touched = replace(
        shot, origination="live action", likeness="actor", consent="2026-11-02", handles=(4, 4),
        plate=replace(shot.plate, colour="ACEScc"),
    )  # fmt: skip
    other = Use("trailer", "t1", "V1", "x", 1020, 1030, 0, 11)
    longer = timeline([clip("lead", movie("other.mov"), 0, 10), clip("sh0010", movie(), 96, 30)])
    shots, _ = shots_of(longer, place, {"sh0010": replace(touched, uses=(other, *touched.uses))})
    after = next(found for found in shots if found.id == "sh0010")
    assert after.uses[0] == other and (after.uses[1].first, after.uses[1].last) == (1005, 1034)
    assert replace(after, uses=()) == replace(touched, uses=())


def test_media_that_are_replaced_keep_the_anchor_and_lost_media_keep_the_plate(place: Path) -> None:
    ((shot,), _) = shots_of(timeline([clip("sh0010", movie(), 100, 20)]), place)
    same_clip = clip("sh0010", movie("other.mov"), 110, 20)
    versions.put(same_clip, {"clip_id": shot.uses[0].clip_id})
    ((swapped,), _) = shots_of(timeline([same_clip]), place, {"sh0010": shot})
    assert swapped.plate.offset == shot.plate.offset and swapped.plate.path.endswith("other.mov")
    (place / "plate.mov").unlink()
    ((lost,), _) = shots_of(timeline([clip("sh0010", movie(), 100, 20)]), place, {"sh0010": shot})
    assert lost.plate == shot.plate and "not there" in lost.missing


def test_only_enabled_uses_say_what_is_needed(place: Path) -> None:
    off = clip("sh0010", movie(), 50, 5)
    off.enabled = False
    ((shot,), _) = shots_of(timeline([clip("sh0010", movie(), 80, 10), off]), place)
    assert [use.enabled for use in shot.uses] == [True, False]
    assert shot.cut_range == FrameRange(1009, 1018)


def test_a_still_has_a_picture_for_every_frame(place: Path) -> None:
    cut = read_cut(save(timeline([clip("sh0010", movie(length=1), 0, 50)]), place / "cut.otio"))

    def probe(path: Path, rate: Fraction) -> Any:
        return replace(media_info(path, rate), kind="still", frames=FrameRange(0, 0), rate=None)

    ((shot,), warnings) = make_shots(
        cut, settings(), probe=probe, root=place / "show", source=place / "cut.otio", existing={}
    )
    assert (shot.range, shot.plate.index(1033), warnings) == (FrameRange(1001, 1066), 0, ())


# Finding media


@pytest.mark.parametrize(
    ("url", "lies"),
    [
        ("media/a.mov", "media/a.mov"),
        ("media/a%20b.mov", "media/a b.mov"),
        ("media/100%25.mov", "media/100%.mov"),
        ("media/a%20b.mov", "media/a%20b.mov"),
        ("media\\a.mov", "media/a.mov"),
        ("file://{here}/media/a%20b.mov", "media/a b.mov"),
        ("file://localhost{here}/media/a.mov", "media/a.mov"),
        ("{here}/media/a.mov", "media/a.mov"),
        ("media/gr%C3%BC%C3%9Fe.mov", "media/grüße.mov"),
        ("media/p.%04d.exr", "media/p.1001.exr"),
        ("file://{here}/media/p%20q.%04d.exr", "media/p q.1001.exr"),
        ("media/p.####.exr", "media/p.1001.exr"),
        ("media/p.[1001-1092].exr", "media/p.1001.exr"),
        ("from_show.mov", "show/from_show.mov"),
    ],
)
def test_media_are_found_however_they_are_written(tmp_path: Path, url: str, lies: str) -> None:
    file = tmp_path / lies
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    item = clip("sh0010", movie(url.replace("{here}", str(tmp_path))), 0, 10)
    ((shot,), _) = shots_of(timeline([item]), tmp_path)
    assert shot.missing == "" and shot.plate is not None
    found = tmp_path / "show" / shot.plate.path
    assert (found.with_name(found.name % 1001) if shot.plate.kind == "sequence" else found) == file
    inside = lies.startswith("show/")
    assert shot.plate.path == (lies.removeprefix("show/") if inside else str(found))


def test_an_image_sequence_is_found_and_hashed_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "seq").mkdir()
    for number in (1001, 1002, 1004):
        (tmp_path / "seq" / f"p.{number}.exr").write_bytes(str(number).encode())
    media = schema.ImageSequenceReference("seq", "p.", ".exr", 1001, rate=24, frame_zero_padding=4)
    media.available_range = span(90000, 100, 24)
    ((shot,), warnings) = shots_of(timeline([clip("sh0010", media, 90001, 2, 24)]), tmp_path)
    assert (shot.plate.kind, shot.plate.rate, shot.plate.offset) == ("sequence", 24, 1009 - 1002)
    files = [(number, sha256_bytes(str(number).encode())) for number in (1004, 1001, 1002)]
    assert shot.plate.sha256 == sequence_digest(files) == sequence_digest(sorted(files))
    assert warnings == ("p.%04d.exr: 97 frames are missing, the first is 1003",)


@pytest.mark.parametrize(
    ("media", "says"),
    [
        (schema.MissingReference(), "no media"),
        (None, "no media"),
        (schema.GeneratorReference("b", "Solid\x1bColor", span(0, 99)), "made by the editing program (Solid·Color)"),
        (movie("gone/\x1b[2Jplate.mov"), "not there"),
        (movie("https://example.com/a.mov"), "not a file"),
        (movie("a%00b.mov"), "not there"),
        (schema.ImageSequenceReference("s", "p.", ".exr", 1, frame_step=2, available_range=span(0, 99)), "frame step"),
        (movie("broken.mov"), "truncated after frame 7"),
    ],
)
def test_a_clip_without_usable_media_is_a_shot_that_says_so(tmp_path: Path, media: Any, says: str) -> None:
    (tmp_path / "broken.mov").write_bytes(b"x")
    cut = read_cut(save(timeline([clip("sh0010", media, 10, 20)]), tmp_path / "cut.otio"))

    def probe(path: Path, rate: Fraction) -> Any:
        raise MediaError("truncated after frame 7", where=str(path))

    ((shot,), _) = make_shots(
        cut, settings(), probe=probe, root=tmp_path / "show", source=tmp_path / "cut.otio", existing={}
    )
    assert shot.plate is None and says in shot.missing and "\x1b" not in shot.missing
    assert shot.cut_range == FrameRange(1009, 1028), "its frames are known all the same"


def test_a_clip_without_any_range_is_a_shot_that_says_so(place: Path) -> None:
    bare = schema.Clip("sh0020", schema.ExternalReference("plate.mov"))
    shots, _ = shots_of(timeline([clip("sh0010", movie("other.mov"), 0, 10), bare]), place)
    assert shots[1].plate is None and "no range" in shots[1].missing


def test_a_version_that_came_back_active_is_not_taken_for_the_plate(place: Path) -> None:
    item = clip("sh0010", movie(), 100, 10)
    ours = movie("gone.mov")
    versions.put(ours, {"version": "v001"})
    versions.add_versions(item, {"v001": ours}, "v001", {"shot": "sh0010"})
    ((shot,), _) = shots_of(timeline([item]), place)
    assert shot.plate is not None and shot.plate.path.endswith("plate.mov")


def test_the_cdl_of_an_edl_is_kept(place: Path) -> None:
    item = clip("sh0010", movie(), 0, 10)
    sop = {"slope": [1.1, 1, 1], "offset": [0, 0.01, 0], "power": [1, 1, 0.9]}
    item.metadata["cdl"] = {"asc_sop": sop, "asc_sat": 0.8}
    ((shot,), _) = shots_of(timeline([item]), place)
    assert shot.cdl == (1.1, 1, 1, 0, 0.01, 0, 1, 1, 0.9, 0.8)


# Text

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_ids = st.from_regex(r"[a-z][a-z0-9_]{0,8}[a-z0-9]", fullmatch=True).filter(lambda name: safe_name(name) == name)
_rates = st.sampled_from([Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(48)])
_small = st.integers(-2000, 10**6)
_ranges = st.builds(lambda first, length: FrameRange(first, first + length), _small, st.integers(0, 5000))
_aspects = st.fractions(Fraction(1, 2), 2, max_denominator=90)
_plates = st.builds(
    Plate, path=_text, kind=st.sampled_from(["movie", "sequence", "still"]), media=_ranges, offset=_small, rate=_rates,
    width=st.integers(1, 9000), height=st.integers(1, 9000), pixel_aspect=_aspects,
    colour=_text, alpha=st.sampled_from(["none", "straight", "premultiplied"]), timecode=st.none() | _small,
    drop=st.booleans(), reel=_text, sha256=_text,
)  # fmt: skip
_uses = st.builds(Use, _text, _text, _text, _text, _small, _small, _small, _small, st.booleans(), _text)
_shots = st.builds(
    Shot, id=_ids, plate=st.none() | _plates, uses=st.lists(_uses, max_size=3).map(tuple),
    handles=st.tuples(st.integers(0, 99), st.integers(0, 99)), missing=_text, origination=_text, consent=_text,
    cdl=st.just(()) | st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=10, max_size=10).map(tuple),
)  # fmt: skip


@given(_shots)
def test_a_shots_text_reads_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, shot: Shot) -> None:
    path = tmp_path_factory.getbasetemp() / "shot.toml"
    path.write_text(shot_text(shot), encoding="utf-8", newline="")
    assert read_shot(path) == shot
    assert shot_text(read_shot(path)) == shot_text(shot)


def example() -> Shot:
    plate = Plate(
        "plates/a.%04d.exr", "sequence", FrameRange(1001, 1100), -12, Fraction(24000, 1001), 2048, 858,
        pixel_aspect=Fraction(2), colour="ACEScg", timecode=86400, reel="A001", sha256="ab" * 32,
    )  # fmt: skip
    use = Use("main", "id-1", "V1", "sq010_sh0010", 1009, 1032, 86, 24, retime="2x")
    return Shot("sq010_sh0010", plate, (use, replace(use, clip_id="id-2", enabled=False)), consent="letter, 2026")


def test_the_text_is_the_one_on_record() -> None:
    assert shot_text(example()) == (GOLDEN / "shot.toml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('kind = "sequence"', 'kind = "film"', "`kind` is not usable: 'film'"),
        ("offset = -12\n", "", "`offset` is missing"),
        ("offset = -12", "offset = 1.5", "`offset` is not usable"),
        ("width = 2048", "width = true", "`width` is not usable"),
        ("media = [1001, 1100]", "media = [1001]", "`media` is not usable"),
        ('rate = "24000/1001"', 'rate = "fast"', "`rate` is not usable"),
        ("handles = [8, 8]", "handles = [-1, 8]", "`handles` is not usable"),
        ('id = "sq010_sh0010"', 'id = "../evil"', "`id` is not usable"),
        ("[plate]", "grade = 1\n[plate]", "Unknown key 'grade'"),
        ("reel =", "real =", "Unknown key 'real'"),
        ("schema = 1", "schema = 2", "another rushes"),
        ("[plate]", "[plate", "cannot be read"),
    ],
)
def test_a_broken_shot_names_file_and_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "shot.toml"
    text = shot_text(example())
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ShowError) as caught:
        read_shot(path)
    assert says in caught.value.what and caught.value.where.startswith(str(path))


def test_a_missing_shot_is_a_show_error(tmp_path: Path) -> None:
    with pytest.raises(ShowError, match="cannot be read"):
        read_shot(tmp_path / "none.toml")


def test_the_sample_cut_reads_as_shots_over_real_media(tmp_path: Path) -> None:
    from core.media.read import probe
    from sample_project import folder, make_cut

    cut_file = folder() / "cut.otio"
    made = tmp_path / "cut.otio"
    make_cut.main(made)
    assert made.read_bytes() == cut_file.read_bytes(), "the shipped cut is what its script makes"
    shots, warnings = make_shots(
        read_cut(cut_file, counted()), settings(), probe=probe, root=tmp_path, source=cut_file, existing={}
    )
    assert all("no colour tag" in text for text in warnings)
    assert [(shot.id, str(shot.range), str(shot.cut_range)) for shot in shots] == [
        ("day_sh010", "1001-1082", "1009-1074"),
        ("day_sh020", "1001-1082", "1009-1074"),
        ("dream_sh030", "1001-1082", "1009-1074"),
        ("dream_sh040", "1001-1084", "1009-1076"),
        ("dream_sh050", "1001-1076", "1009-1068"),
        ("dream_sh060", "1005-1052", "1009-1048"),
        ("dream_sh070", "1001-1044", "1009-1036"),
    ]
    rocket = shots[2].plate
    assert rocket is not None and (rocket.timecode, rocket.reel) == (900000, "A001R1")
    assert rocket.sha256 == sha256_file(folder() / "media" / "rocket.mov")
    assert shots[6].uses[0].retime == "0.5x" and shots[3].uses[1].enabled is False
