"""The show on one page: a single HTML file without scripts and without anything from outside, to post or to print.

Everything on it is read from the show: recipes, records, reviews, manifests and the frames themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from core.audit.markup import Html, el, joined
from core.audit.story import Choice, Scene, Take, look_of
from core.files import one_line
from core.recipe.changes import Change

if TYPE_CHECKING:
    from core.audit.verify import Check

Uris = Mapping[tuple[str, ...], str]
"""Pictures as `data:` URIs, by (shot, `plate`), (shot, `v003`) and (shot, `w001`, `2`)."""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STRIPS = 20
"""Places along a picture where the pointer sets the edge between plate and version; `page.css` has a rule for each."""


@dataclass(frozen=True, slots=True)
class Story:
    """What the page tells beside the shots."""

    name: str
    facts: str
    """Length and rate of the cut, numbers of shots, in words."""
    scenes: Sequence[Scene]
    training: Mapping[str, str]
    """Model → what the show's register says of its training data."""
    handed: Sequence[Mapping[str, Any]]
    """The manifests of what was published."""
    checks: Sequence[Check]
    commit: str
    at: str
    """Of the newest commit."""


def page(story: Story, uris: Uris) -> str:
    """The page as text: the same show gives the same text."""
    style = Html(files("core.audit").joinpath("page.css").read_text(encoding="utf-8"))
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        el("title", story.name),
        el("style", style),
    )
    body = el("body", *_body(story, uris))
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


def _body(story: Story, uris: Uris) -> Iterator[Html]:
    yield el("header", el("h1", story.name), el("span", story.facts, cls="facts"), _verified(story.checks))
    yield el("h2", "The cut")
    yield el("div", *(_in_the_cut(scene, uris) for scene in story.scenes), cls="strip")
    made = [scene for scene in story.scenes if scene.takes]
    if made:
        yield el("h2", "The shots")
        yield joined(*(_scene(scene, uris) for scene in made))
        yield el("h2", "Numbers")
        yield _numbers([take for scene in made for take in scene.takes])
        yield el("h2", "Where it comes from")
        yield _provenance(story, [take for scene in made for take in scene.takes])
    if story.handed:
        yield el("h2", "Handed over")
        yield joined(*map(_handed, story.handed))
    yield el("h2", "Checked")
    yield _checks(story.checks)
    yield el("footer", f"Read from the show at commit {story.commit[:12]} of {story.at[:10]}. ", *_without_us(made))


def _without_us(scenes: Sequence[Scene]) -> Iterator[str]:
    if scenes:
        shot, take = scenes[0].shot.id, scenes[0].takes[-1]
        yield "To check it without this program: "
        yield el("code", f"git log · sha256sum -c shots/{shot}/{take.row.version}.sha256 (in the media root)")


# The cut


def _in_the_cut(scene: Scene, uris: Uris) -> Html:
    take = scene.plays
    plate, made = uris.get((scene.shot.id, "plate")), uris.get((scene.shot.id, take.row.version)) if take else None
    picture = (
        _wipe(plate, made, take.row.version) if plate and made and take else _picture(made or plate, scene.shot.id)
    )
    if take is None:
        return el("figure", picture, el("figcaption", el("b", scene.shot.id), " as shot"))
    told = joined(el("b", scene.shot.id), _name(take), el("br"), look_of(take.recipe))
    return el("figure", picture, el("figcaption", told))


def _wipe(plate: str, made: str, version: str) -> Html:
    """Two pictures in one place; where the pointer is, the plate ends and the version begins."""
    strips = (el("i") for _ in range(_STRIPS))
    pictures = _picture(plate, "plate"), _picture(made, version)
    return el("div", *strips, *pictures, el("u", "plate"), el("u", version), cls="wipe")


def _picture(uri: str | None, alt: str) -> Html:
    return el("img", src=uri, alt=alt) if uri else el("p", "no picture on this machine", cls="faint")


def _name(take: Take) -> Html:
    return el("span", take.row.version, cls="take") if take.row.circled else joined(" ", take.row.version)


# A shot


def _scene(scene: Scene, uris: Uris) -> Html:
    shot, plays = scene.shot.id, scene.plays
    plate = _thumb(uris.get((shot, "plate")), "plate", "")
    takes = [_thumb(uris.get((shot, take.row.version)), take.row.version, take.status) for take in scene.takes]
    left = joined(
        el("h3", shot, _name(plays) if plays else None),
        el("p", look_of(plays.recipe) if plays else "", cls="soft"),
        el("div", plate, *takes, cls="row"),
        *(_choice(shot, choice, uris) for choice in scene.choices),
    )
    right = joined(*map(_take, reversed(scene.takes)))
    return el("section", el("div", left), el("div", right), cls="scene")


def _thumb(uri: str | None, name: str, told: str, *, picked: bool = False) -> Html:
    caption = el("figcaption", el("b", name), f" {told}" if told else None)
    return el("figure", _picture(uri, name), caption, **({"cls": "picked"} if picked else {}))


def _choice(shot: str, choice: Choice, uris: Uris) -> Html:
    cells = (
        _thumb(
            uris.get((shot, choice.name, str(n))), f"{n}", f"{values}{' · picked' if n == choice.picked else ''}",
            picked=n == choice.picked,
        )
        for n, values in enumerate(choice.values, 1)
    )  # fmt: skip
    title = f"{choice.name}: frame {choice.frame} over {len(choice.values)} values, {choice.picked} picked"
    return joined(el("h4", title), el("div", *cells, cls="row"))


def _take(take: Take) -> Html:
    row = take.row
    facts = [
        *_made_by(take),
        ("frames", f"{take.recipe.frames}, {row.done} done" if row.done != row.total else str(take.recipe.frames)),
        ("asked for by", _person(row.by)),
        ("circled by", f"{_person(take.circle.by)}, as {row.circled}" if take.circle else ""),
    ]
    title = el("h4", f"{row.version} ", el("span", take.status, cls="faint"))
    return joined(
        title,
        el("p", row.summary) if row.summary else None,
        _facts(facts),
        *_changed(take),
        *_notes(take),
    )


def _made_by(take: Take) -> Iterator[tuple[str, str]]:
    """What each model was asked for, then the way through all steps."""
    for step in take.recipe.step:
        if prompt := getattr(step, "prompt", ""):
            told = {key: getattr(step, key, "") for key in ("model", "seed", "sampling_steps", "denoise", "on")}
            told["model"] = _place(str(told["model"]))
            words = (f"{key.replace('_', ' ')} {value}" for key, value in told.items() if (key, value) != ("on", 1))
            yield step.name, f"“{one_line(str(prompt))}” · {' · '.join(words)}"
    yield "steps", " › ".join(f"{step.name} ({step.op})" for step in take.recipe.step)


def _person(by: str) -> str:
    """A name without its mail: a page is posted."""
    return by.partition("<")[0].strip()


def _facts(pairs: Sequence[tuple[str, str | None]]) -> Html:
    return el("dl", *(joined(el("dt", name), el("dd", value)) for name, value in pairs if value))


def _changed(take: Take) -> Iterator[Html]:
    told = [change for change in take.changed if change.key not in ("summary", "picked_from")]  # they are there already
    if told:
        yield el("p", f"Different from {take.recipe.parent}:", cls="soft")
        yield el("ul", *(el("li", f"{change.key}: ", *_words(change)) for change in told))


def _words(change: Change) -> Iterator[str]:
    if not change.words:
        yield joined(el("del", change.a), " → ", el("ins", change.b))
        return
    for kind, text in change.words:
        yield joined(" ", text if kind == " " else el("del" if kind == "-" else "ins", text))


def _notes(take: Take) -> Iterator[Html]:
    if take.notes:
        yield el("ul", *(el("li", *_note(note)) for note in take.notes))


def _note(note: Any) -> Iterator[str]:
    event = note.event
    where = f" on {event.frames[0]}-{event.frames[1]}" if event.frames else ""
    yield f"“{event.text}”"
    yield el("span", f" {_person(event.by)}{where}{', settled' if note.resolved else ''}", cls="faint")


# Numbers and provenance


def _numbers(takes: Sequence[Take]) -> Html:
    rows, total = [], {"frames": 0, "seconds": 0.0}
    for take in takes:
        record = take.record
        if not record or record.get("state") != "complete":
            continue
        spent = sum(record["seconds"].values())
        total = {"frames": total["frames"] + record["count"], "seconds": total["seconds"] + spent}
        uses = (f"{step} {use['made']} made, {use['reused']} re-used" for step, use in record["reuse"].items())
        changed = record["measured"].get("changed")
        rows.append(
            el(
                "tr",
                el("td", take.row.shot), el("td", take.row.version), el("td", str(record["count"]), cls="n"),
                el("td", "; ".join(uses) or "–"), el("td", f"{record['seconds'].get('model', 0):.0f}", cls="n"),
                el("td", f"{spent:.0f}", cls="n"), el("td", f"{changed:.0%}" if changed is not None else "–", cls="n"),
            )
        )  # fmt: skip
    numeric = {"frames", "model s", "all s", "changed"}
    titles = ("shot", "version", "frames", "outputs that are kept", "model s", "all s", "changed")
    head = el("tr", *(el("th", title, **({"cls": "n"} if title in numeric else {})) for title in titles))
    table = el("div", el("table", head, *rows), cls="wide")
    told = f"{total['frames']:.0f} master frames in {len(rows)} versions; all stages together {total['seconds']:.0f} s."
    return joined(table, el("p", told, cls="soft"))


def _provenance(story: Story, takes: Sequence[Take]) -> Html:
    rows = [
        el(
            "tr",
            el("td", take.row.shot), el("td", take.row.version), el("td", el("span", take.sha, cls="sha")),
            el("td", el("span", take.commit[:12] or "not committed yet", cls="sha")),
            el("td", str((take.record or {}).get("iptc", "–"))),
        )
        for take in takes
    ]  # fmt: skip
    head = el("tr", *(el("th", t) for t in ("shot", "version", "recipe", "commit", "IPTC digital source type")))
    return joined(el("div", el("table", head, *rows), cls="wide"), *_models(story, takes))


def _models(story: Story, takes: Sequence[Take]) -> Iterator[Html]:
    used = {name: facts for take in takes for name, facts in take.recipe.model.items()}
    for name, facts in sorted(used.items()):
        pairs = [
            ("source", _place(facts.get("source", ""))), ("revision", facts.get("revision", "")),
            ("weights", f"sha256:{facts.get('sha256', '')}"), ("licence", facts.get("licence") or "not stated"),
            ("training data", story.training.get(name) or facts.get("training_data") or "not stated"),
        ]  # fmt: skip
        yield joined(el("h4", _place(name)), _facts(pairs))
    if not used:
        yield el("p", "None: every version was made by operations without a model.", cls="soft")


def _place(source: str) -> str:
    """A hub id as it is; of a path on somebody's machine its end: a page is posted."""
    return f"…/{'/'.join(PurePosixPath(source).parts[-2:])}" if source.startswith(("/", "~")) else source


# What went out, and whether it holds


def _handed(manifest: Mapping[str, Any]) -> Html:
    losses, warnings = manifest.get("losses", []), manifest.get("warnings", [])
    told = f"{len(losses)} things it cannot carry" if losses else "nothing of the cut was lost"
    plays = [f"{clip['shot']} {clip['plays']}" for clip in manifest["clips"] if clip["plays"]]
    parts = (
        el("p", f"{len(plays)} clips play a version: {', '.join(dict.fromkeys(plays)) or 'none'}.", cls="soft"),
        el(
            "ul",
            *(el("li", f"{f['path']} ", el("span", f"sha256:{f['sha256']}", cls="sha")) for f in manifest["files"]),
        ),
        el("ul", *(el("li", f"{loss['clip']}: {loss['what']}") for loss in losses)) if losses else None,
        el("ul", *(el("li", warning) for warning in warnings)) if warnings else None,
    )
    return el("details", el("summary", f"{manifest['name']} ", el("span", told, cls="faint")), *parts)


def _verified(checks: Sequence[Check]) -> Html:
    wrong = sum(check.state in ("changed", "missing") for check in checks)
    if wrong:
        return el("span", f"{wrong} of {len(checks)} checks failed", cls="bad")
    return el("span", f"verified: {len(checks)} checks", cls="ok")


def _checks(checks: Sequence[Check]) -> Html:
    wrong = [check for check in checks if check.state in ("changed", "missing")]
    pending = sum(check.state == "pending" for check in checks)
    told = f"{len(checks) - len(wrong) - pending} of {len(checks)} checks hold"
    listed = (el("li", f"{c.shot} {c.version} {c.what}: {c.state} {c.detail}", cls="bad") for c in wrong)
    waits = f", {pending} wait for something still to come" if pending else ""
    what = " (plates, recipes, records, every frame's hash, the history)."
    return joined(el("p", f"{told}{waits}{what}"), el("ul", *listed) if wrong else None)
