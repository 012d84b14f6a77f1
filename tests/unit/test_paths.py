"""The same folder under other names at each site, and names that two systems spell with other characters."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ShowError
from core.layout import layout_of, media_root, read_settings
from core.paths import Places, file_url, is_absolute, places_of, spelled

SITES = {
    "farm": {"plates": "/mnt/plates", "shows": "/mnt/shows", "deep": "/mnt/plates/deep"},
    "mac": {"plates": "/Volumes/Plates", "shows": "/Volumes/shows", "deep": "/Volumes/Deep"},
    "edit": {"plates": "P:\\plates", "shows": "\\\\store\\shows"},
}


@pytest.mark.parametrize(
    ("site", "path", "there"),
    [
        ("farm", "/Volumes/Plates/a/b.mov", "/mnt/plates/a/b.mov"),
        ("farm", "P:/plates/a/b.mov", "/mnt/plates/a/b.mov"),
        ("farm", "p:\\Plates\\A b\\b.mov", "/mnt/plates/A b/b.mov"),
        ("farm", "/P:/plates/a.mov", "/mnt/plates/a.mov"),  # as file:///P:/plates/a.mov is unescaped
        ("farm", "\\\\STORE\\shows\\x\\c.%04d.exr", "/mnt/shows/x/c.%04d.exr"),
        ("farm", "//store/shows/x", "/mnt/shows/x"),
        ("mac", "/mnt/plates/deep/a.mov", "/Volumes/Deep/a.mov"),
        ("edit", "/mnt/plates/deep/a.mov", "P:/plates/deep/a.mov"),  # it has no `deep` of its own
        ("edit", "/mnt/shows/x", "//store/shows/x"),
        ("farm", "/mnt/plates/a.mov", "/mnt/plates/a.mov"),
        ("farm", "/mnt/plates_old/a.mov", "/mnt/plates_old/a.mov"),
        ("farm", "/VOLUMES/plates/a.mov", "/VOLUMES/plates/a.mov"),
        ("farm", "/Volumes/Plates/../secret", "/Volumes/Plates/../secret"),
        ("farm", "plates/a.mov", "plates/a.mov"),
        ("", "/Volumes/Plates/a.mov", "/Volumes/Plates/a.mov"),
        ("edit", "/mnt/plates", "P:/plates"),
    ],
)
def test_a_path_of_one_site_is_read_at_another(site: str, path: str, there: str) -> None:
    assert Places(SITES, site).local(path) == there


names = st.lists(st.text("aé ü_.%", min_size=1, max_size=6).filter(lambda name: name not in (".", "..")), max_size=4)


@given(parts=names, one=st.sampled_from(["farm", "mac"]), other=st.sampled_from(["farm", "mac"]))
def test_there_and_back_is_the_same_path(parts: list[str], one: str, other: str) -> None:
    """Nothing is lost on the way: what a clone elsewhere writes down is what the first machine reads."""
    path = "/".join([SITES[one]["plates"], *parts])
    there = Places(SITES, one).at(other, path)
    assert Places(SITES, other).at(one, there) == path
    assert Places(SITES, other).local(there) == there  # and its own stay as they are


def test_a_folder_is_known_in_either_normal_form() -> None:
    places = Places({"a": {"x": "/mnt/Café"}, "b": {"x": "/data/cafe"}}, "b")
    assert places.local(unicodedata.normalize("NFD", "/mnt/Café/é.mov")) == "/data/cafe/" + unicodedata.normalize(
        "NFD", "é.mov"
    )


def test_the_site_is_named_or_is_the_machines_name() -> None:
    sites = {"gpu*": {"x": "/a"}, "edit": {"x": "/b"}}
    assert places_of(sites, {}, host="GPU07.studio.lan").here == "gpu*"
    assert places_of(sites, {}, host="laptop").here == ""
    assert places_of(sites, {"RUSHES_SITE": "edit"}, host="gpu07").here == "edit"
    assert places_of({}, {"RUSHES_SITE": "edit"}).here == "edit"  # set once for every show of a person
    with pytest.raises(ShowError, match="edti") as caught:
        places_of(sites, {"RUSHES_SITE": "edti"})
    assert "gpu*, edit" in caught.value.todo


@given(
    st.sampled_from(["/mnt/x", "P:/plates", "//store/share"]),
    st.lists(st.text("aé #?&+ü", min_size=1, max_size=8), max_size=3),
)
def test_a_url_is_read_back_by_opentimelineio_as_the_same_path(root: str, parts: list[str]) -> None:
    folder = "/".join([root, *parts])  # no `%`: OpenTimelineIO unescapes twice
    found = otio.url_utils.filepath_from_url(file_url(folder))
    assert found.replace("\\", "/").lower() == folder.lower()


def test_what_is_a_whole_path_anywhere() -> None:
    assert all(map(is_absolute, ["/a", "P:/a", "P:\\a", "\\\\s\\a", "//s/a"]))
    assert not any(map(is_absolute, ["a", "../a", "a:b", "~/a", ""]))


@pytest.mark.parametrize("asked", ["NFC", "NFD"])
@pytest.mark.parametrize("lies", ["NFC", "NFD"])
def test_a_name_is_found_however_its_accents_are_written(tmp_path: Path, asked: str, lies: str) -> None:
    file = tmp_path / unicodedata.normalize(lies, "grüße ø") / unicodedata.normalize(lies, "é 100% ü.0001.exr")
    file.parent.mkdir()
    file.touch()
    assert spelled(tmp_path / unicodedata.normalize(asked, "grüße ø/é 100% ü.0001.exr")) == file
    pattern = spelled(tmp_path / unicodedata.normalize(asked, "grüße ø/é 100% ü.%04d.exr"))
    assert pattern.with_name(pattern.name.replace("%04d", "0001")) == file


def test_where_both_spellings_are_there_the_one_asked_for_is_taken(tmp_path: Path) -> None:
    both = [tmp_path / unicodedata.normalize(form, "é.mov") for form in ("NFC", "NFD")]
    for path in both:
        path.touch()
    if len(list(tmp_path.iterdir())) < 2:
        pytest.skip("this file system keeps one spelling")
    assert [spelled(path) for path in both] == both
    assert spelled(tmp_path / "ü.mov") == tmp_path / "ü.mov"  # not there: as it came


def settings(root: Path, more: str = "") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "rushes.toml").write_text(f'schema = 1\nname = "T"\nid = "t"\nrate = "24"\n{more}')
    return root / "rushes.toml"


def test_the_media_root_lies_where_the_site_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "show"
    sites = f'[paths.farm]\nshows = "{tmp_path}/farm"\n[paths.desk]\nshows = "{tmp_path}/desk"\n'
    read = read_settings(settings(root, f'media = "{tmp_path}/farm/t media"\n{sites}'))
    layout = layout_of(root, read, tmp_path, {"RUSHES_SITE": "desk"})
    assert layout.media == tmp_path / "desk" / "t media"
    assert layout.find(f"{tmp_path}/farm/plates/a.mov") == tmp_path / "desk/plates/a.mov"
    assert layout.find("refs/a.png") == root / "refs/a.png"
    assert media_root(root, read_settings(settings(root))) == tmp_path / "show.media"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert media_root(root, read_settings(settings(root, 'media = "~/m"\n'))) == tmp_path / "home" / "m"
    assert media_root(root, read_settings(settings(root, 'media = "../m"\n'))) == tmp_path / "m"
    with pytest.raises(ShowError, match="no such home"):
        media_root(root, read_settings(settings(root, 'media = "~nobody_at_all/m"\n')))


def test_a_map_that_is_no_map_is_refused(tmp_path: Path) -> None:
    for table in ('[paths.farm]\nplates = "plates"\n', '[paths]\nfarm = "/mnt"\n', "[paths.farm]\nplates = 3\n"):
        with pytest.raises(ShowError, match="not usable"):
            read_settings(settings(tmp_path, table))


def test_a_colour_config_of_the_show_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    read = read_settings(settings(tmp_path, '[colour]\nconfig = "colour/show.ocio"\n'))
    assert read.colour_config == str(tmp_path / "colour/show.ocio")
    assert read_settings(settings(tmp_path)).colour_config.startswith("ocio://")
