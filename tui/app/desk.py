"""The show that the screens are on, opened by the first thread that needs it, and the one queue of acts on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.index import Indexed
    from core.show import Show
    from tui.app.state import Place


class Desk:
    """The show in `root`. All raise what the façade raises."""

    def __init__(self, root: Path, env: Mapping[str, str]) -> None:
        self.root, self.env = root, env
        self.acts = ThreadPoolExecutor(1, "acts")
        """One thread: acts are done, and committed, in the order in which they were asked for."""
        self.making = ThreadPoolExecutor(1, "making")
        """What may take long (models are looked for, perhaps fetched) begins in its turn, and holds up no other act."""
        self._opening = threading.Lock()
        self._opened: Show | None = None
        self._last: list[Future[None]] = []

    @property
    def show(self) -> Show:
        with self._opening:
            if self._opened is None:
                from core.show import Show

                self._opened = Show.open(self.root, self.env)
            return self._opened

    def submit(self, deed: Callable[[], None], *, long: bool = False) -> None:
        """Do it after every act that was asked for before. A `long` one lets those that come after it pass."""
        if not long:
            self.acts.submit(deed)
            return
        turn = self.acts.submit(lambda: None)

        def begin() -> None:
            turn.result()
            deed()

        self.making.submit(begin)

    def close(self) -> None:
        """Take no more acts. Those that were asked for are still done: their threads are joined at the very end."""
        if not self._last:
            self._last = [lane.submit(lambda: None) for lane in (self.acts, self.making)]
            for lane in (self.acts, self.making):
                lane.shutdown(wait=False)

    def done(self, seconds: float) -> bool:
        """Whether, after `close`, every act was done; waits that long for it."""
        return not wait(self._last, seconds).not_done

    def first_look(self) -> tuple[Indexed | None, Place]:
        """What was true of the show, and where the person was, when somebody last looked. Opens nothing."""
        from core.index import read_index, state_of
        from core.layout import PLACE
        from tui.app.state import read_place

        state = state_of(self.root, self.env)
        return read_index(state), read_place(state / PLACE)

    @property
    def place_path(self) -> Path | None:
        """Where a person's place is kept; None before the show was opened."""
        return self._opened.layout.place if self._opened is not None else None

    def pulse(self) -> tuple[int, int]:
        """Changes whenever a worker, a command or another window wrote: cheap to ask every second."""
        log = self.root / ".git" / "logs" / "HEAD"
        try:
            committed = log.stat().st_mtime_ns
        except OSError:  # a worktree, or a repository without a log of HEAD: the ledger still tells of renders
            committed = 0
        return self.show.ledger.data_version(), committed
