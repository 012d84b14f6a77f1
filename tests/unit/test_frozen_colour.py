"""What a picture's numbers rest on beside the plate's bytes: frozen, compared before a frame is rendered, digested."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.cut.shots import read_shot
from core.drafts import thawed
from core.errors import RenderError
from core.farm import worker
from core.farm.inputs import check_frozen, colour_facts
from core.farm.jobs import Job
from core.frames import FrameRange
from core.layout import read_settings
from core.media.colour import Colour
from core.ops.merge import Merge
from core.recipe.changes import changes
from core.recipe.model import Recipe
from core.recipe.text import parse, recipe_text
from core.render.sources import Plates
from core.render.tally import Tally
from tests.farm import RECIPE, Scene, make_scene
from tests.render_kit import make_plate, make_shot

CURVE = "Version 1\nFrom 0.0 1.0\nLength 2\nComponents 1\n{{\n0.0\n{}\n}}\n"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return make_scene(tmp_path)


def config(folder: Path, gain: float = 1.0, top: float = 1.0) -> Path:
    """A colour config that reads a curve beside it. Written over what is there, as an editor does."""
    import PyOpenColorIO as ocio  # noqa: N813

    made = ocio.Config.CreateRaw()
    made.setVersion(2, 1)
    made.setSearchPath(".")
    for name in ("ACEScg", "sRGB - Texture"):
        made.addColorSpace(ocio.ColorSpace(name=name))
    scaled = ocio.MatrixTransform([gain, 0, 0, 0, 0, gain, 0, 0, 0, 0, gain, 0, 0, 0, 0, 1])
    space = ocio.ColorSpace(name="camera")
    space.setTransform(ocio.GroupTransform([scaled, ocio.FileTransform("a.spi1d")]), ocio.COLORSPACE_DIR_TO_REFERENCE)
    made.addColorSpace(space)
    folder.mkdir(exist_ok=True)
    made.setWorkingDir(str(folder))
    (folder / "a.spi1d").write_text(CURVE.format(top))
    (folder / "config.ocio").write_text(made.serialize())
    return folder / "config.ocio"


def frozen(scene: Scene, **rev: int) -> Recipe:
    plate = read_shot(scene.layout.shot("sh010")).plate
    assert plate is not None
    facts = colour_facts(plate, read_settings(scene.layout.settings))
    return parse(RECIPE, "test").model_copy(update={"seen_as": facts, "rev": rev or {"merge": Merge.rev}})


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def of_shot(old: str, new: str) -> Callable[[Scene], None]:
    return lambda scene: edit(scene.layout.shot("sh010"), old, new)


def of_show(line: str) -> Callable[[Scene], None]:
    return lambda scene: edit(scene.layout.settings, "[render]", f"[colour]\n{line}\n[render]")


def run_here(scene: Scene, job: Job) -> Job:
    env = {"RUSHES_LOCKS": str(scene.state / "locks"), "PATH": "/usr/bin:/bin"}
    assert worker.run(scene.state, env, once=True, device="cpu", say=lambda _: None) == 0
    return scene.job(job)


CHANGES = [
    ("plate colour in shot.toml: ACEScg → sRGB - Texture", of_shot('"ACEScg"', '"sRGB - Texture"')),
    ("plate alpha in shot.toml: none → straight", of_shot('alpha = "none"', 'alpha = "straight"')),
    ("plate layer in shot.toml: - → beauty", of_shot('layer = ""', 'layer = "beauty"')),
    ("working space in rushes.toml: ACEScg → ACES2065-1", of_show('working = "ACES2065-1"')),
    ("colour config in ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4: sha256:",
     of_show('config = "ocio://studio-config-v2.2.0_aces-v1.3_ocio-v2.4"')),
]  # fmt: skip


@pytest.mark.parametrize(("said", "change"), CHANGES, ids=[said.partition(" in ")[0] for said, _ in CHANGES])
def test_a_change_since_the_freeze_is_refused_in_its_words(
    scene: Scene, said: str, change: Callable[[Scene], None]
) -> None:
    recipe = frozen(scene)
    shot = read_shot(scene.layout.shot("sh010"))
    check_frozen(recipe, shot, read_settings(scene.layout.settings))
    change(scene)
    shot, settings = read_shot(scene.layout.shot("sh010")), read_settings(scene.layout.settings)
    with pytest.raises(RenderError) as caught:
        check_frozen(recipe, shot, settings)
    assert said in caught.value.where and caught.value.where.count("→") == 1
    assert "generate a new version" in caught.value.todo
    check_frozen(recipe.model_copy(update={"seen_as": None}), shot, settings)  # frozen before the key was there


def test_another_revision_of_an_operation_is_refused(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, settings = frozen(scene), read_settings(scene.layout.settings)
    shot = read_shot(scene.layout.shot("sh010"))
    monkeypatch.setattr(Merge, "rev", Merge.rev + 1)
    with pytest.raises(RenderError) as caught:
        check_frozen(recipe, shot, settings)
    assert caught.value.where == f"operation merge: rev {Merge.rev - 1} → {Merge.rev}"


def test_a_killed_render_does_not_go_on_in_another_colour_and_does_once_it_is_put_back(scene: Scene) -> None:
    job = scene.queue(text=recipe_text(frozen(scene)))
    assert scene.worker("row:4").returncode == -signal.SIGKILL
    before = scene.layout.shot("sh010").read_text()
    of_shot('"ACEScg"', '"sRGB - Texture"')(scene)
    failed = run_here(scene, job)
    assert failed.state == "failed" and failed.done < len(failed.frames)
    assert "has changed since the recipe was frozen" in failed.reason and "plate colour" in failed.reason
    scene.layout.shot("sh010").write_text(before)
    with scene.ledger as ledger:
        ledger.retry(job.id)
    assert run_here(scene, job).state == "complete"


def test_an_edited_config_is_another_config_and_a_copy_is_the_same(tmp_path: Path) -> None:
    path = config(tmp_path / "one")
    first = Colour(str(path)).digest
    assert first == Colour(str(path)).digest == Colour(str(config(tmp_path / "two"))).digest
    config(tmp_path / "one", gain=2.0)
    assert Colour(str(path)).digest != first
    config(tmp_path / "one", top=0.5)  # only the file that the config reads
    assert Colour(str(path)).digest != first
    config(tmp_path / "one")
    assert Colour(str(path)).digest == first
    (tmp_path / "one" / "a.spi1d").unlink()
    assert Colour(str(path)).digest != first


def test_an_archive_counts_by_what_it_holds(tmp_path: Path) -> None:
    import PyOpenColorIO as ocio  # noqa: N813

    digests = []
    for top in (1.0, 0.5):
        ocio.Config.CreateFromFile(str(config(tmp_path / "one", top=top))).archive(str(tmp_path / "show.ocioz"))
        digests.append(Colour(str(tmp_path / "show.ocioz")).digest)
    assert digests[0] != digests[1]


def test_each_fact_of_colour_is_in_the_plates_digest(tmp_path: Path) -> None:
    make_plate(tmp_path, [1001])
    shot = make_shot(tmp_path / "plate.%04d.exr", FrameRange(1001, 1001))
    ocio = str(config(tmp_path / "one"))

    def digest(config: str = ocio, working: str = "ACEScg", **facts: Any) -> str:
        assert shot.plate is not None
        plates = Plates(shot.plate, tmp_path / "plate.%04d.exr", Colour(config), working, Tally())
        try:
            plates.plate = replace(shot.plate, **facts)  # after it was opened: the file has no layers
            return plates.digest(1001)
        finally:
            plates.close()

    found = [digest(), digest(working="camera"), digest(colour="sRGB - Texture"), digest(alpha="straight")]
    found.append(digest(layer="beauty"))
    found.append(digest(str(config(tmp_path / "two", gain=2.0))))
    config(tmp_path / "one", gain=3.0)
    found.append(digest())  # the same name
    assert len(set(found)) == len(found)


def test_a_draft_from_a_version_has_no_colour_and_a_difference_of_versions_tells_it(scene: Scene) -> None:
    one = frozen(scene)
    assert one.seen_as is not None
    assert parse(recipe_text(one), "v001.toml").seen_as == one.seen_as
    assert "seen_as" not in thawed(one, "v001")
    other = one.seen_as.model_copy(update={"plate": "sRGB - Texture", "layer": "beauty", "config": "c" * 64})
    two = one.model_copy(update={"seen_as": other})
    said = {change.key: (change.a, change.b) for change in changes(one, two)}
    assert said.keys() == {"plate colour changed", "plate layer changed", "colour config changed"}
    assert said["plate colour changed"] == ("ACEScg", "sRGB - Texture")
    assert said["plate layer changed"] == ("-", "beauty")
    assert changes(one.model_copy(update={"seen_as": None}), two) == ()
