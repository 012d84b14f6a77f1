"""Everything that a key can do, as data: bindings, footer, palette, `?`, keymaps and docs/keys.md read this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done in one place.

    `id`: `<place>.<name>`, what a keymap names. `keys`: Textual's names between commas. `call`: a Textual action.
    `foot`: stands in the footer, in the order of the table.
    """

    id: str
    keys: str
    title: str
    call: str
    help: str = ""
    foot: bool = False

    @property
    def place(self) -> str:
        return self.id.partition(".")[0]


PLACES: Mapping[str, str] = {
    "any": "Everywhere",
    "list": "Any list",
    "grid": "Any grid of pictures",
    "cut": "The cut",
    "shots": "The shot list",
    "viewer": "The viewer",
    "inspector": "The inspector",
    "compare": "Compare",
    "recipe": "The recipe",
    "form": "The recipe's values",
    "wedge": "Wedge",
    "sheet": "Sheet",
    "queue": "Queue",
    "notes": "Notes",
    "dailies": "Dailies",
    "history": "History",
    "conform": "Conform",
    "publish": "Publish",
}
"""Where actions live, in the order of the documentation."""

ACTIONS: tuple[Action, ...] = (
    Action(
        "any.back", "escape,q", "back", "back", "leave this screen; on the cut: leave rushes, the worker goes on", True
    ),
    Action(
        "any.leave", "ctrl+q", "leave rushes", "app.quit", "from anywhere; what is typed is kept, the worker goes on"
    ),
    Action("any.palette", "ctrl+p,colon", "palette", "app.palette", "find any action by its words"),
    Action("any.help", "question_mark,f1", "help", "app.help", "what can be done here", foot=True),
    Action("any.queue", "Q", "queue", "app.room('queue')", "jobs, how far they are, cancel, retry, reorder"),
    Action("any.history", "H", "history", "app.room('history')", "the show's diary: who did what, and when"),
    Action("any.dailies", "D", "dailies", "app.room('dailies')", "what awaits review, in cut order"),
    Action("any.sheet", "S", "sheet", "app.room('sheet')", "one frame of every shot, in cut order"),
    Action("any.publish", "P", "publish", "app.room('publish')", "write the timeline for editorial"),
    Action("any.conform", "N", "new cut", "app.room('conform')", "what a new cut from the editor changes"),
    Action("any.undo", "u", "undo", "undo", "take back your last review act, wherever it was; again: the one before"),
    Action("any.redo", "U", "redo", "undo(True)", "bring back what undo took"),
    Action("any.reload", "ctrl+r", "read again", "reload", "read everything again from disk"),
    Action("any.theme", "f2", "theme", "app.theme", "the next theme"),
    # lists: vim, lazygit, less
    Action("list.down", "down,j", "next", "move(1)"),
    Action("list.up", "up,k", "previous", "move(-1)"),
    Action("list.top", "home,g", "first", "move(-1000000)"),
    Action("list.bottom", "end,G", "last", "move(1000000)"),
    Action("list.half_down", "pagedown,ctrl+d", "half a page down", "page(1)"),
    Action("list.half_up", "pageup,ctrl+u", "half a page up", "page(-1)"),
    Action("list.open", "enter", "open", "open"),
    # grids of pictures
    Action("grid.left", "left,h", "left", "move(-1, 0)"),
    Action("grid.right", "right,l", "right", "move(1, 0)"),
    Action("grid.up", "up,k", "up", "move(0, -1)"),
    Action("grid.down", "down,j", "down", "move(0, 1)"),
    Action("grid.first", "home,g", "first", "move(-1000000, 0)"),
    Action("grid.last", "end,G", "last", "move(1000000, 0)"),
    Action("grid.half_down", "pagedown,ctrl+d", "half a page down", "page(1)"),
    Action("grid.half_up", "pageup,ctrl+u", "half a page up", "page(-1)"),
    Action("grid.open", "enter", "open", "open"),
    Action("grid.large", "z", "one large", "large", "the one under the cursor alone, or all again", True),
    Action("grid.larger", "plus,equals_sign", "larger", "larger(1)", "fewer columns"),
    Action("grid.smaller", "minus", "smaller", "larger(-1)", "more columns"),
    # the cut
    Action("cut.generate", "R", "generate", "generate", "freeze the draft as the next version, commit, render", True),
    Action("cut.recipe", "e", "recipe", "recipe", "write the draft", True),
    Action("cut.wedge", "w", "wedge", "wedge", "one frame over many seeds or values", True),
    Action("cut.compare", "d", "compare", "compare", "this version against another one", True),
    Action(
        "cut.approve", "a", "approve", "judge('approve')", "the version that is shown; of marked shots the newest", True
    ),
    Action("cut.retake", "x", "retake", "judge('retake')", "ask for it again, with what is wrong", True),
    Action("cut.circle", "c", "circle", "judge('circle')", "choose it for editorial", True),
    Action("cut.temp", "C", "circle as temp", "judge('temp')", "for editorial, until a better one comes"),
    Action("cut.status", "s", "status", "status", "any other status: hold, omit, final, pending"),
    Action("cut.note", "n", "note", "note", "say something of this frame, or of in to out", True),
    Action("cut.play", "space", "play", "play", "start and stop", True),
    Action("cut.back_frame", "left", "frame −", "step(-1)"),
    Action("cut.next_frame", "right", "frame +", "step(1)"),
    Action("cut.back_ten", "shift+left", "ten frames −", "step(-10)"),
    Action("cut.next_ten", "shift+right", "ten frames +", "step(10)"),
    Action("cut.older", "left_square_bracket", "older version", "version(-1)", "then the plate"),
    Action("cut.newer", "right_square_bracket", "newer version", "version(1)", foot=True),
    Action("cut.latest", "right_curly_bracket", "latest version", "jump('latest')"),
    Action("cut.approved", "b", "latest approved", "jump('approved')"),
    Action("cut.circled", "o", "circled version", "jump('circled')"),
    Action("cut.plate", "left_curly_bracket", "plate", "jump('plate')"),
    Action("cut.layer", "t", "next picture", "layer(1)", "step through plate, matte, paint … merge of a version"),
    Action("cut.layer_back", "T", "previous picture", "layer(-1)"),
    Action("cut.context", "X", "play the cut", "context", "the cut around the shot instead of the shot alone"),
    Action("cut.cut", "E", "which cut", "cut", "of a show of several (episodes, a trailer): which one is looked at"),
    Action("cut.zoom", "z", "bigger picture", "zoom"),
    Action("cut.beside", "B", "plate beside", "beside", "the plate beside the version, on wide terminals"),
    Action("cut.copy_path", "y", "copy path", "copy_path", "the frames as compositors name them, with %04d"),
    Action("cut.open_in", "O", "open in …", "open_in", "mpv, RV or Nuke, where there is one"),
    Action("cut.tab_1", "1", "recipe", "tab('recipe')"),
    Action("cut.tab_2", "2", "versions", "tab('versions')"),
    Action("cut.tab_3", "3", "notes", "tab('notes')"),
    Action("cut.tab_4", "4", "provenance", "tab('provenance')"),
    Action("cut.next_pane", "tab", "next part", "pane(1)"),
    Action("cut.last_pane", "shift+tab", "previous part", "pane(-1)"),
    # the shot list
    Action("shots.filter", "slash", "filter", "screen.filter", "words, globs, status:rtk, notes:open …", True),
    Action("shots.sort", "comma", "sort", "screen.sort", "by cut, id, status, newest, notes"),
    Action("shots.mark", "v", "mark", "screen.mark", "for what is done to several at once"),
    Action("shots.mark_all", "V", "mark all shown", "screen.mark_all"),
    # the queue
    Action(
        "queue.cancel", "x", "cancel", "cancel", "the job under the cursor, or those marked; what is done stays", True
    ),
    Action(
        "queue.retry", "r", "retry", "steer('retry')", "queue again what failed, was cancelled or left behind", True
    ),
    Action("queue.sooner", "K", "sooner", "steer('sooner')", "past the job before it", True),
    Action("queue.later", "J", "later", "steer('later')", "past the job after it", True),
    Action("queue.first", "f", "first", "steer('first')", "before all that wait", True),
    Action("queue.log", "l", "log", "log", "all that workers wrote about the job; again: back to the job", True),
    Action("queue.worker", "w", "start a worker", "worker", "where jobs wait and none is alive", True),
    Action("queue.mark", "v", "mark", "mark", "for what is done to several at once"),
    Action("queue.mark_all", "V", "mark all", "mark_all"),
    Action("queue.next_pane", "tab,shift+tab", "other part", "pane", "the jobs, the one under the cursor"),
    # the history
    Action(
        "history.filter", "slash", "filter", "filter", "by:ana event:review since:2026-11-01 until:… and words", True
    ),
    Action("history.whose", "t", "show or shot", "whose", "the whole show's history, or the shot's alone", True),
    Action("history.copy", "y", "copy commit", "copy_commit", "its id, for git", True),
    Action("history.next_pane", "tab,shift+tab", "other part", "pane", "the commits, what one changed", True),
    # conform
    Action("conform.open", "o", "open a cut", "open_cut", "the editor's new timeline, by its path", True),
    Action("conform.cut", "c", "which cut", "cut", "which cut of the show it is, or a new one: an episode, a trailer"),
    Action("conform.accept", "A", "accept", "accept", "bring the show onto it: versions stay with their shots", True),
    Action("conform.answer", "a", "answer", "answer", "which shot a clip is that could be several", True),
    Action("conform.filter", "slash", "filter", "filter", "a shot, a flag such as moved, missing, question", True),
    Action("conform.todo", "t", "what to make", "todo", "shots that are too short for the cut, new shots", True),
    Action("conform.draft", "e", "draft", "draft", "of a shot that is too short: its recipe over the new range", True),
    Action("conform.generate", "R", "generate", "generate", "what the shot lacks, or all that are marked", True),
    Action("conform.mark", "v", "mark", "mark", "for what is done to several at once"),
    Action("conform.mark_all", "V", "mark all", "mark_all"),
    Action("conform.next_pane", "tab,shift+tab", "other part", "pane", "the list, the one under the cursor"),
    # publish
    Action("publish.write", "w", "write it", "write", "under a new number; nothing is ever overwritten", True),
    Action("publish.every", "e", "every version", "every", "in a master: all complete ones, or the newest two", True),
    Action("publish.notes", "n", "notes", "notes", "open notes on what plays go along, as markers", True),
    Action("publish.bundle", "b", "with media", "bundle", "its media too, as one .otioz beside it", True),
    Action("publish.site", "s", "paths as at", "site", "the next site of [paths] in rushes.toml", True),
    Action("publish.copy", "y", "copy path", "copy_path", "of what was written", True),
    Action("publish.next_pane", "tab,shift+tab", "other part", "pane", "the forms, what goes out or was written"),
    # dailies: the cut's keys for judging
    Action("dailies.approve", "a", "approve", "judge('approve')", "the version that is shown, or those marked", True),
    Action("dailies.retake", "x", "retake", "judge('retake')", "ask for it again, with what is wrong", True),
    Action("dailies.circle", "c", "circle", "judge('circle')", "choose it for editorial", True),
    Action("dailies.temp", "C", "circle as temp", "judge('temp')", "for editorial, until a better one comes"),
    Action("dailies.status", "s", "status", "status", "any other status: hold, omit, final, pending"),
    Action("dailies.note", "n", "note", "note", "say something of this frame, or of in to out", True),
    Action("dailies.next", "full_stop", "next", "go(1)", "from any part of the screen; j in the list", True),
    Action("dailies.previous", "comma", "previous", "go(-1)", "from any part of the screen; k in the list", True),
    Action("dailies.play", "space", "play", "play", "start and stop", True),
    Action("dailies.mark", "v", "mark", "mark", "for what is said of several at once"),
    Action("dailies.mark_all", "V", "mark all", "mark_all"),
    Action("dailies.back_frame", "left", "frame −", "step(-1)"),
    Action("dailies.next_frame", "right", "frame +", "step(1)"),
    Action("dailies.back_ten", "shift+left", "ten frames −", "step(-10)"),
    Action("dailies.next_ten", "shift+right", "ten frames +", "step(10)"),
    Action("dailies.older", "left_square_bracket", "older version", "version(-1)", "then the plate"),
    Action("dailies.newer", "right_square_bracket", "newer version", "version(1)"),
    Action("dailies.compare", "d", "compare", "compare", "this version against another one"),
    Action("dailies.next_pane", "tab", "next part", "pane(1)"),
    Action("dailies.last_pane", "shift+tab", "previous part", "pane(-1)"),
    # notes, wherever they are listed
    Action("notes.resolve", "r", "resolve", "resolve", "the note under the cursor, or open it again", True),
    # compare
    Action("compare.toggle", "t", "A/B", "flip", "one in place of the other; again: the other one", True),
    Action("compare.side", "s", "side by side", "mode('side')", "A left, B right", True),
    Action("compare.wipe", "w", "wipe", "mode('wipe')", "A left of a line, B right of it; h and l move it", True),
    Action("compare.difference", "f", "difference", "mode('difference')", "what differs, made stronger by +", True),
    Action("compare.overlay", "o", "overlay", "mode('overlay')", "B over A, more of it by +", True),
    Action(
        "compare.more", "plus,equals_sign", "more", "amount(1)", "gain of the difference, share of B, place of the line"
    ),
    Action("compare.less", "minus", "less", "amount(-1)"),
    Action("compare.wipe_left", "h", "line left", "slide(-1)", "of the wipe"),
    Action("compare.wipe_right", "l", "line right", "slide(1)", "of the wipe"),
    Action("compare.b_older", "left_square_bracket", "B older", "side('b', -1)", "then the plate"),
    Action("compare.b_newer", "right_square_bracket", "B newer", "side('b', 1)", "the newest one last", True),
    Action("compare.a_older", "left_curly_bracket", "A older", "side('a', -1)", "then the plate"),
    Action("compare.a_newer", "right_curly_bracket", "A newer", "side('a', 1)", "the newest one last", True),
    Action("compare.back_frame", "left", "frame −", "step(-1)"),
    Action("compare.next_frame", "right", "frame +", "step(1)"),
    Action("compare.back_ten", "shift+left", "ten frames −", "far(-1)", "in a wipe: its line left"),
    Action("compare.next_ten", "shift+right", "ten frames +", "far(1)", "in a wipe: its line right"),
    Action("compare.play", "space", "play", "play", "start and stop", True),
    Action("compare.most", "M", "most different frame", "most", "of those that were measured"),
    Action("compare.measure", "m", "measure", "measure", "stop measuring frames, or go on"),
    Action("compare.zoom", "z", "bigger picture", "zoom", "the picture alone"),
    Action("compare.approve", "a", "approve B", "judge('approve')", foot=True),
    Action("compare.retake", "x", "retake of B", "judge('retake')", "ask for it again, with what is wrong", True),
    Action("compare.circle", "c", "circle B", "judge('circle')", "choose it for editorial", True),
    Action("compare.temp", "C", "circle B as temp", "judge('temp')", "for editorial, until a better one comes"),
    Action("compare.status", "T", "status of B", "status", "hold, omit, final, pending"),
    Action("compare.note", "n", "note on B", "note", "on the frame that is shown", True),
    # the recipe: letters are typed, so what is done to a draft has no letter; the form's keys are letters again
    Action("recipe.test", "ctrl+t,f5", "test the frame", "test", "render it from the draft: local, no number", True),
    Action("recipe.generate", "ctrl+g,f6", "generate", "generate", "freeze it as the next version and render", True),
    Action("recipe.complete", "ctrl+@,f4", "what fits here", "complete", "the words that can be typed at the cursor"),
    Action("recipe.next_word", "ctrl+n", "next word", "offer(1)", "of those that are offered; tab takes it"),
    Action("recipe.look", "ctrl+l", "look", "look", "put a look under it; what the draft says wins", True),
    Action("recipe.earlier", "ctrl+b", "earlier text", "earlier", "bring a former text back", True),
    Action("recipe.pane", "ctrl+o,f3", "values / text", "pane", "from the text to its values, and back", True),
    Action("recipe.back_frame", "f7", "frame −", "step(-1)", "where a test is rendered and a key is set"),
    Action("recipe.next_frame", "f8", "frame +", "step(1)"),
    Action("form.more", "right,l,plus", "more", "screen.adjust(1)", "a step, the next choice, a new seed", True),
    Action("form.less", "left,h,minus", "less", "screen.adjust(-1)", foot=True),
    Action("form.key", "space", "key here", "screen.key", "a keyframe at this frame, with the value it has", True),
    Action("form.back_frame", "left_square_bracket", "frame −", "screen.step(-1)"),
    Action("form.next_frame", "right_square_bracket", "frame +", "screen.step(1)"),
    # wedge
    Action("wedge.vary", "w", "vary", "vary", "the value under the cursor, or two that are marked", True),
    Action("wedge.mark", "v", "mark", "mark", "two values make a table"),
    Action("wedge.pick", "p", "pick", "pick", "the picture under the cursor becomes the draft", True),
    Action("wedge.generate", "R", "generate", "generate", "freeze the draft as the next version, commit, render", True),
    Action("wedge.older", "left_square_bracket", "older wedge", "other(1)", foot=True),
    Action("wedge.newer", "right_square_bracket", "newer wedge", "other(-1)"),
    Action("wedge.cancel", "x", "cancel", "cancel", "what is rendered stays", True),
    Action("wedge.recipe", "e", "recipe", "recipe", "write the draft", True),
    Action("wedge.pane", "tab", "next part", "pane(1)"),
    Action("wedge.last_pane", "shift+tab", "previous part", "pane(-1)"),
    # sheet
    Action("sheet.shown", "t", "what is shown", "shown", "circled versions, the newest ones, or the plates", True),
    Action("sheet.mark", "v", "mark", "mark", "for what is done to several at once"),
    Action("sheet.mark_all", "V", "mark all", "mark_all"),
    Action("sheet.approve", "a", "approve", "judge('approve')", "what is shown under the cursor, or all marked", True),
    Action("sheet.retake", "x", "retake", "judge('retake')", "ask for it again, with what is wrong", True),
    Action("sheet.circle", "c", "circle", "judge('circle')", "choose it for editorial", True),
    Action("sheet.temp", "C", "circle as temp", "judge('temp')", "for editorial, until a better one comes"),
    Action("sheet.status", "s", "status", "status", "any other status: hold, omit, final, pending"),
    Action("sheet.note", "n", "note", "note", "say something of it", True),
    Action(
        "sheet.export",
        "E",
        "write as PNG",
        "export",
        "as `rushes sheet` does; with the plates where they are shown",
        True,
    ),
    # the viewer
    Action("viewer.forward", "l", "play forward, faster", "shuttle('l')"),
    Action("viewer.stop", "k", "stop", "shuttle('k')"),
    Action("viewer.reverse", "j", "play backward, faster", "shuttle('j')"),
    Action("viewer.in", "i", "in point", "mark_in", foot=True),
    Action("viewer.out", "o", "out point", "mark_out", foot=True),
    Action("viewer.unmark", "backslash", "no in and out", "unmark"),
    Action("viewer.loop", "p", "loop", "loop", "once, loop, back and forth"),
    Action("viewer.first", "home", "first frame", "go('first')"),
    Action("viewer.last", "end", "last frame", "go('last')"),
    Action("viewer.darker", "minus", "a quarter stop down", "expose(-0.25)"),
    Action("viewer.brighter", "equals_sign", "a quarter stop up", "expose(0.25)"),
    Action("viewer.gamma_down", "less_than_sign", "gamma −", "gamma(-0.1)"),
    Action("viewer.gamma_up", "greater_than_sign", "gamma +", "gamma(0.1)"),
    Action("viewer.red", "r", "red", "channel('r')"),
    Action("viewer.green", "g", "green", "channel('g')"),
    Action("viewer.blue", "b", "blue", "channel('b')"),
    Action("viewer.alpha", "A", "alpha", "channel('a')"),
    Action("viewer.luma", "Y", "luma", "channel('luma')"),
    Action("viewer.matte", "m", "matte overlay", "matte", foot=True),
    Action("viewer.one_to_one", "asterisk", "1:1", "one_to_one", foot=True),
    Action("viewer.zoom_in", "plus", "zoom in", "magnify(2)"),
    Action("viewer.zoom_out", "underscore", "zoom out", "magnify(0.5)"),
    Action("viewer.pan_left", "H", "move left", "pan(-1, 0)", "the picture, or the probe where it is on"),
    Action("viewer.pan_right", "L", "move right", "pan(1, 0)"),
    Action("viewer.pan_up", "K", "move up", "pan(0, -1)"),
    Action("viewer.pan_down", "J", "move down", "pan(0, 1)"),
    Action("viewer.probe", "apostrophe", "probe", "probe", "the pixel's values in the file and in scene light", True),
    Action(
        "viewer.corner",
        "enter",
        "corner of a box",
        "corner",
        "with the probe: one corner, then the other; notes take it",
    ),
    Action("viewer.clear", "escape", "no box, no probe", "clear"),
    Action("viewer.reset", "0", "as it was", "reset", "exposure, gamma, channel, zoom"),
)
"""Every action, place by place."""


def bindings(*places: str) -> list[BindingType]:
    """The bindings of a widget or screen: the actions of these places. Where two want a key, the first place has it."""
    return [
        Binding(action.keys, action.call, action.title, show=action.foot, id=action.id, tooltip=action.help)
        for place in places
        for action in ACTIONS
        if action.place == place
    ]


def by_id() -> dict[str, Action]:
    return {action.id: action for action in ACTIONS}
