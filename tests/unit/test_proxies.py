"""Proxies show what their name says: the right frames, through the shot's own colour, anew when any of it changes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.cut.shot import Shot, read_shot, shot_text
from core.cut.shots import sequence_digest
from core.errors import MediaError, RushesError
from core.farm import spawn
from core.files import sha256_file, write_atomic
from core.frames import FrameRange
from core.layout import read_settings
from core.media.info import VIDEO
from core.media.movie_out import MovieWriter
from core.media.proxy import Proxy, scaled
from core.media.write import write_frame
from core.recipe.model import Master
from core.viewing import proxies
from core.viewing.pictures import Viewer
from core.viewing.playback import FrameFeed, fitted
from core.viewing.proxies import make_all, make_proxy, proxy_of
from core.viewing.view import Source, View
from tests.desk import Desk
from tests.farm import Scene, make_scene
from tests.shows import cut, make

BITS = 6
PLATE = Source("sh010")
CDL = (1.2, 1.0, 0.9, 0.01, 0.0, -0.02, 1.1, 1.0, 0.9, 0.7)


def stamped(number: int, size: tuple[int, int] = (96, 64)) -> np.ndarray:
    """A picture whose columns are a number's bits, black and white."""
    width, height = size
    bits = [(number >> bit) & 1 for bit in range(BITS)]
    return np.repeat(np.array(bits, np.float32), width // BITS)[None, :, None] * np.ones((height, 1, 3), np.float32)


def number_of(seen: np.ndarray) -> int:
    """The number that `stamped` wrote, from a picture of any size."""
    middle = seen[seen.shape[0] // 2, :, 1]
    width = len(middle) / BITS
    return sum(int(middle[int((bit + 0.5) * width)] > 127) << bit for bit in range(BITS))


def edit(scene: Scene, change: Callable[[Shot], Shot]) -> None:
    path = scene.layout.shot("sh010")
    write_atomic(path, shot_text(change(read_shot(path))))


def stamp_plates(scene: Scene) -> None:
    """A sequence of twelve frames that say their file numbers."""
    files = []
    for number in range(1, 13):
        path = scene.layout.root / "plates" / f"sh010.{number:04d}.exr"
        files.append((number, write_frame(path, stamped(number), Master(colour="ACEScg")).sha256))
    edit(scene, lambda shot: with_plate(shot, width=96, height=64, sha256=sequence_digest(files)))


def with_plate(shot: Shot, **facts: object) -> Shot:
    assert shot.plate is not None
    return replace(shot, plate=replace(shot.plate, **facts))  # type: ignore[arg-type]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    made = make_scene(tmp_path)
    stamp_plates(made)
    return made


def viewer(scene: Scene) -> Viewer:
    return Viewer(scene.layout, read_settings(scene.layout.settings))


def numbers(feed: FrameFeed) -> list[int]:
    return [number_of(feed.get(frame)) for frame in feed.frames]


def test_frame_k_of_a_proxy_is_frame_k_of_the_shot(scene: Scene) -> None:
    look = viewer(scene)
    assert proxy_of(look, PLATE) is None
    path = make_proxy(look, PLATE)
    assert proxy_of(look, PLATE) == path and path.parent == scene.layout.proxies
    with Proxy(path) as proxy:
        assert (proxy.count, proxy.size) == (12, (96, 64))
        order = [0, 5, 11, 10, 3, 4, 0]
        assert [number_of(proxy.read(n, (24, 16))) for n in order] == [n + 1 for n in order]
        with pytest.raises(MediaError, match="no frame 12"):
            proxy.read(12, (24, 16))
        assert number_of(proxy.read(7, (24, 16))) == 8
        white = proxy.read(6, (96, 64))[32, 8]  # bits of 7: 111000
        assert white.min() >= 253, "white stays white"


def test_a_proxy_holds_the_shots_frames_and_not_the_whole_media(scene: Scene) -> None:
    edit(scene, lambda shot: replace(shot, uses=(replace(shot.uses[0], first=1005, last=1006),), handles=(1, 2)))
    look = viewer(scene)
    make_proxy(look, PLATE)
    feed = FrameFeed(look, PLATE, (24, 16))
    assert feed.frames == FrameRange(1001, 1012), "what has no proxy is still there"
    assert numbers(feed) == list(range(1, 13))
    with Proxy(proxy_of(look, PLATE)) as proxy:  # type: ignore[arg-type]
        assert [number_of(proxy.read(n, (24, 16))) for n in range(proxy.count)] == [4, 5, 6, 7, 8]


def test_movies_and_odd_rates_too(scene: Scene) -> None:
    rate = Fraction(24000, 1001)
    path = scene.layout.root / "plate.mov"
    with MovieWriter(path, (96, 64), rate, "prores_422hq", colour=VIDEO) as movie:
        for number in range(40):
            movie.add(stamped(number))
    edit(
        scene,
        lambda shot: with_plate(
            shot, path="plate.mov", kind="movie", media=FrameRange(0, 39), offset=990, rate=rate, colour=VIDEO,
            sha256=sha256_file(path),
        ),
    )  # fmt: skip
    look = viewer(scene)
    make_proxy(look, PLATE)
    feed = FrameFeed(look, PLATE, (24, 16))
    assert {frame: number_of(feed.get(frame)) for frame in range(1001, 1013)} == {n: n - 990 for n in range(1001, 1013)}


CHANGES: list[Callable[[Shot], Shot]] = [
    lambda shot: replace(shot, cdl=CDL),
    lambda shot: replace(shot, handles=(0, 1), uses=(replace(shot.uses[0], last=1010),)),
    lambda shot: with_plate(shot, sha256="0" * 64),
    lambda shot: with_plate(shot, colour="ACES2065-1"),
    lambda shot: with_plate(shot, pixel_aspect=Fraction(2)),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_proxy_shows_is_in_its_name(scene: Scene, change: Callable[[Shot], Shot]) -> None:
    look = viewer(scene)
    before = make_proxy(look, PLATE)
    edit(scene, change)
    assert proxy_of(look, PLATE) is None
    after = make_proxy(look, PLATE)
    assert after != before and proxy_of(look, PLATE) == after


def test_a_lut_counts_by_its_bytes_and_a_missing_one_is_no_proxy_without_it(scene: Scene) -> None:
    look, cube = viewer(scene), scene.layout.root / "show.cube"
    make_proxy(look, PLATE)
    edit(scene, lambda shot: replace(shot, lut="show.cube"))
    with pytest.raises(MediaError, match="LUT"):
        proxy_of(look, PLATE)
    rows = [f"{1 - r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 1)]
    cube.write_text("LUT_3D_SIZE 2\n" + "\n".join(rows) + "\n")
    first = make_proxy(look, PLATE)
    cube.write_text("LUT_3D_SIZE 2\n# the same, said otherwise\n" + "\n".join(rows) + "\n")
    assert proxy_of(look, PLATE) is None and first.exists()


def test_a_proxy_is_seen_through_the_shots_colour(scene: Scene) -> None:
    edit(scene, lambda shot: replace(shot, cdl=CDL))
    look = viewer(scene)
    full = FrameFeed(look, PLATE, (96, 64)).get(1007).astype(int)
    make_proxy(look, PLATE)
    quick = FrameFeed(look, PLATE, (96, 64)).get(1007).astype(int)
    inside = [int((bit + 0.5) * 16) for bit in range(BITS)]  # chroma is halved at the edges of bars
    assert np.abs(full - quick)[:, inside].max() <= 4


def test_a_version_gets_one_when_it_is_complete_without_being_asked(tmp_path: Path) -> None:
    scene = make_scene(tmp_path)
    scene.queue()
    look, master = viewer(scene), Source("sh010", "v001")
    assert proxy_of(look, master) is None
    with pytest.raises(MediaError, match="takes no proxy"):
        make_proxy(look, master)
    assert scene.worker().returncode == 0
    log = scene.layout.logs / "proxies.log"
    deadline = time.monotonic() + 60
    while proxy_of(look, master) is None and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert proxy_of(look, master) is not None, log.read_text()
    feed = FrameFeed(look, master, (48, 32))
    full = FrameFeed(look, master, (48, 32), View(gamma=1.0001))
    apart = (feed.get(1005).astype(float) - full.get(1005)) @ np.array([0.2126, 0.7152, 0.0722])
    assert np.abs(apart).mean() < 12  # its colours are noise, which 4:2:0 does not hold; its brightness comes through
    layer = Source("sh010", "v001", "soft")
    assert make_proxy(look, layer) not in (proxy_of(look, master), None)


def test_what_cannot_be_made_is_told_and_stops_nothing(scene: Scene) -> None:
    (scene.layout.root / "plates" / "sh010.0004.exr").unlink()
    made = make_all(viewer(scene), [PLATE, Source("nobody"), Source("sh010", job="J")])
    assert [(one.source.shot, one.state) for one in made] == [("sh010", "failed"), ("nobody", "failed")]
    assert "Frame 4 of this sequence is missing" in made[0].reason
    assert not list(scene.layout.proxies.glob("*"))


def test_two_at_once_make_one_whole_proxy(scene: Scene) -> None:
    found: list[Path | RushesError] = []

    def one() -> None:
        found.append(make_proxy(viewer(scene), PLATE))

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2 and len(set(found)) == 1
    assert [path.name for path in scene.layout.proxies.iterdir()] == [Path(str(found[0])).name]
    assert numbers(FrameFeed(viewer(scene), PLATE, (24, 16))) == list(range(1, 13))


def test_proxies_never_fill_the_disk(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    look = viewer(scene)
    old = make_proxy(look, PLATE)
    os.utime(old, (1, 1))
    monkeypatch.setattr(proxies, "LIMIT", 10)
    edit(scene, lambda shot: replace(shot, cdl=CDL))
    new = make_proxy(look, PLATE)
    assert not old.exists() and new.exists()


def test_the_background_process_makes_plates_and_leaves_a_removed_show_alone(scene: Scene) -> None:
    words = ["--root", str(scene.layout.root), "--state", str(scene.layout.state)]
    command = [sys.executable, "-m", "core.viewing.proxies", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 and "sh010 plate: made" in done.stderr
    assert proxy_of(viewer(scene), PLATE) is not None
    shutil.rmtree(scene.layout.media)
    scene.layout.settings.unlink()
    gone = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert gone.returncode == 2 and "no show here" in gone.stderr and not scene.layout.media.exists()


def test_screens_can_name_pictures_without_loading_what_decodes_them() -> None:
    code = "import sys, core.viewing.view as v; print([m for m in ('numpy', 'av', 'pydantic') if m in sys.modules])"
    light = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert light.stdout.strip() == "[]"


def test_starting_it_returns_at_once(scene: Scene) -> None:
    env = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    before = time.monotonic()
    spawn.make_proxies(scene.layout, env, ["sh010"])
    assert time.monotonic() - before < 5
    deadline = time.monotonic() + 60
    while proxy_of(viewer(scene), PLATE) is None and time.monotonic() < deadline:
        threading.Event().wait(0.05)
    assert proxy_of(viewer(scene), PLATE) is not None


def test_the_command_says_what_is_there(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.new(cut(tmp_path / "turnover"))
    found = json.loads(desk.run("proxies", "--json", code=0))["proxies"]
    assert [(one["shot"], one["source"]) for one in found] == [("sq010_sh0010", "plate")]
    assert Path(found[0]["path"]).exists() and found[0]["state"] in ("made", "there")
    desk.run("proxies", "sq010_sh0010", code=0, said="there")


# Playing


def test_a_feed_fits_scales_and_keeps_to_its_bytes(scene: Scene) -> None:
    edit(scene, lambda shot: with_plate(shot, pixel_aspect=Fraction(2)))
    look = viewer(scene)
    feed = FrameFeed(look, PLATE, (30, 40), limit=3 * 30 * 10 * 3)
    assert feed.get(1003).shape == (10, 30, 3)
    for frame in feed.frames:
        feed.get(frame)
    assert [frame for frame in feed.frames if feed.has(frame)] == [1010, 1011, 1012]
    feed.close()
    assert not feed.has(1012) and number_of(feed.get(1003)) == 3


def test_scaling_is_the_mean_over_the_area() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (64, 96, 3), np.uint8)
    means = picture.reshape(8, 8, 12, 8, 3).mean((1, 3))
    assert np.abs(scaled(picture, (12, 8)) - means).max() <= 1
    assert fitted(1920, 1080, (120, 70)) == (120, 68) and fitted(4, 4000, (120, 70)) == (1, 70)


def test_many_threads_get_the_same_frames(scene: Scene) -> None:
    look = viewer(scene)
    make_proxy(look, PLATE)
    feed = FrameFeed(look, PLATE, (24, 16))
    seen: list[list[int]] = []
    threads = [threading.Thread(target=lambda: seen.append(numbers(feed))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [list(range(1, 13))] * 4


def test_a_proxy_is_never_drawn_larger_than_it_is(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "HEIGHT", 16)
    look = viewer(scene)
    with Proxy(make_proxy(look, PLATE)) as proxy:
        assert proxy.size == (24, 16)
    whole = FrameFeed(look, PLATE, (48, 32)).get(1007)
    assert np.array_equal(whole, scaled(look.seen(PLATE, 1007), (48, 32)))


def test_a_cut_plays_what_its_shots_have(tmp_path: Path) -> None:
    show = make(cut(tmp_path / "turnover", used=(3, 6)), tmp_path / "show")
    play = show.cut_play()
    shown = [play.at(frame) for frame in play.frames]
    assert [(one.source.name, one.frame) for one in shown[:6] if one] == [("plate", 1009 + n) for n in range(6)]
    assert {one.source.shot for one in shown[6:] if one} == {"sq010_sh0020"}, "a clip without media is in the cut too"
    FrameFeed(show.viewer, shown[0].source, (16, 9)).get(shown[0].frame)  # type: ignore[union-attr]
