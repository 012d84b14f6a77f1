"""The sample cut, which holds what real cuts hold, goes out in every form and comes back as what it was."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.cut.outgoing.profiles import PROFILES
from core.show import Show
from sample_project import folder
from tests import shows
from tests.shows import finish

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
SHOT = "dream_sh040"


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Show:
    """With one circled version; the clips of its shot stand on two tracks, one switched off."""
    made = shows.make(folder() / "cut.otio", tmp_path_factory.mktemp("sample") / "show")
    made.draft(SHOT, text=shows.BLEND)
    finish(made, made.generate([SHOT])[0])
    made.review(SHOT, "v001", "circle")
    return made


def tracks_of(paths: Sequence[Path]) -> dict[str, Path]:
    """Of a form with a list for each track, the track that each holds; of others all in one."""
    lists = [path for path in paths if path.suffix == ".edl"]
    return {path.stem.rpartition("_")[2]: path for path in lists} or {"": paths[0]}


@pytest.mark.parametrize("purpose", [name for name in PROFILES if name != "csv"])
def test_what_comes_back_is_unchanged_or_our_own(show: Show, purpose: str, tmp_path: Path) -> None:
    """Dissolves in the middle of a cut, a clip backwards, one at half speed, an image sequence, a clip that is off."""
    published = show.publish(purpose, tmp_path / f"out{PROFILES[purpose].suffix}")
    for track, path in tracks_of((published.path, *published.also)).items():
        conform = show.conform(path)
        found = [change for change in conform.changes if "removed" not in change.flags]
        assert found
        for change in found:
            aside = {"moved", "shifted"} if track == "V2" else set()  # a list alone does not say which track it is of
            same = {"returned"} if change.shot == SHOT else {"unchanged", "relinked_only"}
            assert set(change.flags) - aside <= same and change.shot, (path.name, change)
            assert (change.head, change.tail, change.missing_head, change.missing_tail) == (0, 0, 0, 0)
        assert not conform.stale and not conform.questions
        assert any("one video track" in text for text in conform.warnings) == bool(track)
