"""What an artist reads when a recipe does not hold, and what typing a value, a look or a wedge does to a draft."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import RecipeError
from core.frames import FrameRange
from core.ops.base import operations
from core.recipe import judge as reading
from core.recipe.changes import Change, changes
from core.recipe.model import Recipe, edge_fields, keyable, read_step
from core.recipe.text import fragment, parse, recipe_sha, recipe_text, set_values, starter
from core.recipe.vary import Axis, at, axes, wedge, with_look
from tests.recipes import known_test_operations

GOLDEN = Path(__file__).parents[1] / "golden" / "recipe"

DRAFT = """\
# candlelight
schema = 1
shot = "sq010_sh0020"
range = [1001, 1072]   # with handles

[[step]]
op = "test_brush"
name = "paint"
prompt = "oil painting by candlelight"  # not too dark
denoise = 0.45
[step.curves]
bias = [[1001, 0.0], [1040, 1.5, "smooth"]]

[[step]]
op = "test_mix"
name = "comp"
a = "paint"
"""


@pytest.fixture(autouse=True, scope="module")
def _operations() -> Iterator[None]:
    with known_test_operations():
        yield


def refused(text: str) -> RecipeError:
    with pytest.raises(RecipeError) as caught:
        parse(text, "d.toml")
    return caught.value


# Errors


@pytest.mark.parametrize(
    ("old", "new", "where", "what", "todo"),
    [
        ("denoise", "denoize", "d.toml:10 step[0] paint.denoize", "Unknown key `denoize`.", "Did you mean `denoise`?"),
        ("0.45", "1.45", "d.toml:10 step[0] paint.denoise", "`denoise` cannot be 1.45.", "a number, 0 to 1"),
        ("0.45", '"0.45"', "d.toml:10 step[0] paint.denoise", '`denoise` cannot be "0.45".', "a number, 0 to 1"),
        ("0.45", "nan", "d.toml:10 step[0] paint.denoise", "`denoise` cannot be nan.", "a number, 0 to 1"),
        ("0.45", "0.4\nbias = inf", "d.toml:11 step[0] paint.bias", "`bias` cannot be inf.", "a number"),
        ("0.45", "0.4\nseed = 7", "d.toml:11 step[0] paint.seed", "`seed` cannot be 7.", "a whole number in quotes"),
        ("0.45", "0.4\non = true", "d.toml:11 step[0] paint.on", "`on` cannot be true.", "a whole number, 1 to 48"),
        ("0.45", "0.4\nfill = 'x'", "d.toml:11 step[0] paint.fill", '`fill` cannot be "x".', "hold or blend"),
        ('"test_mix"', '"test_mux"', "d.toml:15 step[1] comp.op", "no operation `test_mux`", "test_brush"),
        ('a = "paint"', 'a = "pant"', "d.toml:17 step[1] comp.a", "`a` reads `pant`", "Allowed: plate, paint."),
        ('a = "paint"', "", "d.toml:14 step[1] comp.a", "`a` is missing.", "a name"),
        ('"comp"', '"paint"', "d.toml:16 step[1] paint.name", "`paint` is used twice", "a name of its own"),
        ('"comp"', '"output"', "d.toml:16 step[1] output.name", "`output` means something else", "another"),
        ("1072]", "1000]", "d.toml:4 range", "`range` ends before it starts.", "[first, last]"),
        ("1072]", "10.5]", "d.toml:4 range[1]", "`range` cannot be 10.5.", "[a whole number, a whole number]"),
        ("bias = [[", "seed = [[", "d.toml:12 step[0] paint.curves.seed", "`seed` cannot have a curve.", "denoise"),
        ("bias = [[", "dose = [[", "d.toml:12 step[0] paint.curves.dose", "no parameter `dose`.", "denoise"),
        ("[1040,", "\n[1001,", "d.toml:13 step[0] paint.curves.bias[1]", "Frame 1001 comes after", "in order"),
        ("bias = [[1001, 0", "denoise = [[1001, 2", "d.toml:12 step[0] paint.curves.denoise[0][1]", "be 2", "0 to 1"),
        ('"smooth"', '"soft"', "d.toml:12 step[0] paint.curves.bias[1]", "not a key", "linear, hold or smooth"),
        ("1.5,", "nan,", "d.toml:12 step[0] paint.curves.bias[1][1]", "`bias` cannot be nan.", "a number"),
        ("schema = 1", "schema = 2", "d.toml:2", "newer rushes (schema 2)", "Update rushes."),
        ("[[step]]", "[step]", "d.toml:", "This is not TOML", "[[step]]"),
        ("by candle", "by \\u001b[2J", "d.toml:9 step[0] paint.prompt", "control character (U+001B)", "Take it out."),
        ("# candle", 'summary = "a\\nb"\n#', "d.toml:1 summary", "control character (U+000A)", "Only a prompt"),
        ("# candle", 'output.layers = ["plate"]\n#', "d.toml:1 output.layers[0]", "`plate` is not", "paint, comp"),
        ("# candle", 'output.master.type = "uint16"\n#', "d.toml:1 output.master.type", "does not hold uint16", "half"),
        ("# candle", "output.master.bits = 3\n#", "d.toml:1 output.master.bits", "Unknown key `bits`.", "compression"),
    ],
)  # fmt: skip
def test_an_error_says_where_what_and_what_is_allowed(old: str, new: str, where: str, what: str, todo: str) -> None:
    assert old in DRAFT
    error = refused(DRAFT.replace(old, new, 1) if old != "[[step]]" else DRAFT.replace(old, new))
    assert error.where.startswith(where) and what in error.what and todo in error.todo


def test_several_problems_are_told_at_once_in_the_order_of_the_lines() -> None:
    error = refused(
        DRAFT.replace("0.45", "7").replace('name = "comp"', 'name = "comp"\nmix = 2').replace("shot", "shop")
    )
    assert error.where == "d.toml:3 shop"
    also = [line for line in error.what.splitlines() if "also line" in line]
    assert [line.split(",")[0].split()[-1] for line in also] == ["10", "17"]


def test_no_text_of_a_recipe_reaches_the_terminal_unfiltered() -> None:
    error = refused(DRAFT.replace("denoise", '"\\u001b[31mred\\nline"'))
    assert "\x1b" not in str(error) and "red" in str(error)


def test_old_texts_are_migrated_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """With two migrations a text of schema 1 goes through both, one of schema 2 through the second alone."""
    monkeypatch.setattr(reading, "SCHEMA", 3)
    seen: list[int] = []

    def first(data: dict[str, object]) -> dict[str, object]:
        seen.append(1)
        return {"schema": 2, "summary": data["about"]}

    def second(data: dict[str, object]) -> dict[str, object]:
        seen.append(2)
        # As far as the recipe's model goes, 1 is still the newest schema.
        return {"schema": 1, "summary": f"{data['summary']}!"}

    monkeypatch.setattr(reading, "MIGRATIONS", (first, second))
    assert parse('schema = 1\nabout = "fire"', "d").summary == "fire!"
    assert parse('schema = 2\nsummary = "fire"', "d").summary == "fire!"
    assert seen == [1, 2, 2]


# The canonical text


def test_the_canonical_text_is_the_golden_one() -> None:
    """A change here changes every recipe's digest: it needs a new schema."""
    draft = (GOLDEN / "draft.toml").read_text()
    assert recipe_text(parse(draft, "draft.toml")) == (GOLDEN / "canonical.toml").read_text()


def test_the_digest_is_that_of_sha256sum() -> None:
    assert recipe_sha("abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_starter_is_a_recipe_of_the_operations_that_are_installed() -> None:
    recipe = parse(starter("sq010_sh0020", FrameRange(1001, 1072)), "draft.toml")
    assert (recipe.shot, recipe.range) == ("sq010_sh0020", (1001, 1072))
    assert [step.op for step in recipe.step] == ["matte", "stylize", "merge"]
    assert {step.op for step in recipe.step} <= operations().keys()


REAL = sorted(name for name, kind in operations().items() if kind.__module__.startswith("core."))


@pytest.mark.parametrize("name", REAL)
def test_every_installed_operation_survives_the_text(name: str) -> None:
    """With only what must be given, and with a curve for each parameter that takes one."""
    kind = operations()[name]
    given = {
        key: "plate" if key in edge_fields(kind) else "some/model"
        for key, info in kind.model_fields.items()
        if info.is_required() and key != "op"
    }
    step = read_step({"op": name, **given})
    curves = {key: [[1001, getattr(step, key)], [1010, getattr(step, key), "smooth"]] for key in keyable(kind)}
    for table in ({}, curves):
        recipe = Recipe(schema=1, step=(read_step({"op": name, **given, "curves": table}),))
        assert parse(recipe_text(recipe), "r") == recipe
        assert at(recipe.step[0], 1005) == step


def test_a_real_operations_own_check_is_told_like_any_other() -> None:
    error = refused('[[step]]\nop = "matte"\nlevels = [0.9, 0.1]')
    assert (error.where, error.what) == ("d.toml:3 step[0] matte.levels", "`levels` cannot be [0.9, 0.1].")
    assert "the first below the second" in error.todo


# Setting values


def test_values_are_set_in_place_and_read_as_their_parameters_type() -> None:
    typed = [
        "paint.denoise=0.3",
        "paint.prompt=a, b = c",
        "paint.seed=007",
        "paint.size=768x432",
        "paint.levels=0.1, 0.9",
        "paint.curves.denoise=1001:0.3,1040:0.5:smooth",
        "paint.curves.prompt=1001:oil, at night: 9 pm,1040:embers",
        "paint.curves.bias=",
        "comp.clip=false",
        "comp.mask=paint",
        "range=1001-1050",
        "output.layers=paint,comp",
        "output.master.type=float",
    ]
    text = set_values(DRAFT, typed, "d.toml")
    data = tomllib.loads(text)
    paint, comp = data["step"]
    assert (paint["denoise"], paint["prompt"], paint["seed"]) == (0.3, "a, b = c", "007")
    assert (paint["size"], paint["levels"]) == ([768, 432], [0.1, 0.9])
    assert paint["curves"] == {
        "denoise": [[1001, 0.3], [1040, 0.5, "smooth"]],
        "prompt": [[1001, "oil, at night: 9 pm"], [1040, "embers"]],
    }
    assert (comp["clip"], comp["mask"], data["range"]) == (False, "paint", [1001, 1050])
    assert data["output"] == {"layers": ["paint", "comp"], "master": {"type": "float"}}
    for comment in ("# candlelight", "# with handles", "# not too dark"):
        assert comment in text
    assert "mask" not in tomllib.loads(set_values(text, ["comp.mask="], "d.toml"))["step"][1]


def test_a_real_size_can_be_set_and_taken_back() -> None:
    text = set_values(starter("a", FrameRange(1, 2)), ["paint.size=768,432", "figure.levels=0.1,0.5"], "d")
    assert [step.get("size") for step in tomllib.loads(text)["step"]] == [None, [768, 432], None]
    assert parse(set_values(text, ["paint.size="], "d"), "d").step[1].size == ()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("typed", "todo"),
    [
        ("pant.denoise=1", "Did you mean `paint`?"),
        ("paint.denoize=1", "Did you mean `denoise`?"),
        ("paint.denoise=2", "a number, 0 to 1"),
        ("paint.denoise=much", "a number, 0 to 1"),
        ("comp.clip=maybe", "true or false"),
        ("comp.mode=under", "over or add"),
        ("comp.a=", "a name"),
        ("comp.a=nowhere", "plate, paint"),
        ("paint.size=1,2,3", "2, between commas"),
        ("paint.size=[1,2]\nevil=1", "Write it as in a recipe"),
        ("paint.curves.seed=1001:2", "prompt, denoise"),
        ("paint.curves.denoise=1001", "1001:0.3,1040:0.5:smooth"),
        ("paint.curves.denoise=1001:0.3:bouncy", "linear, hold or smooth"),
        ("paint.curves.denoise=1001:0.3,1040:7", "a number, 0 to 1"),
        ("paint.extra.0.weight=1", "It has 0"),
        ("paint=1", "denoise"),
        ("summary", "paint.denoise=0.4"),
        ("rev.test_mix=3", "paint, comp"),
        ("output.master=3", "a table of format"),
    ],
)
def test_a_value_that_cannot_be_set_is_named_with_what_can(typed: str, todo: str) -> None:
    with pytest.raises(RecipeError) as caught:
        set_values(DRAFT, ["paint.on=2", typed], "d.toml")
    assert caught.value.where.startswith("setting ") and typed[:4] in caught.value.where
    assert todo in caught.value.todo and "\n" not in caught.value.where


# Looks


LOOK = """\
schema = 1
[[step]]
op = "test_brush"
name = "paint"
prompt = "16 mm, faded"
steps = 9
[step.curves]
denoise = [[1001, 0.2]]
[[step]]
op = "test_mix"
name = "grain"
a = "paint"
mix = 0.3
[output]
layers = ["paint"]
"""


def test_a_look_fills_what_the_draft_leaves_open() -> None:
    text = with_look(DRAFT, LOOK, name="16mm", sha256="ab")
    recipe = parse(text, "d.toml")
    paint, grain, comp = recipe.step
    assert (paint.name, grain.name, comp.name) == ("paint", "grain", "comp")
    assert (paint.prompt, paint.steps) == ("oil painting by candlelight", 9)  # type: ignore[attr-defined]
    assert paint.curves.keys() == {"bias", "denoise"}
    assert recipe.output.layers == ("paint",) and recipe.look is not None and recipe.look.name == "16mm"
    for line in DRAFT.splitlines():
        assert line in text
    assert with_look(text, LOOK, name="16mm", sha256="ab") == text


def test_a_look_makes_a_whole_recipe_of_an_empty_draft() -> None:
    text = with_look(starter("sh", FrameRange(1, 9), steps=False), LOOK, name="l", sha256="")
    assert [step.name for step in parse(text, "d").step] == ["paint", "grain"]


def test_a_look_that_means_another_operation_is_refused() -> None:
    with pytest.raises(RecipeError, match="`test_brush` in the draft"):
        with_look(DRAFT, '[[step]]\nop = "test_mix"\nname = "paint"\na = "plate"', name="l", sha256="")


def test_a_look_may_be_sparse_but_not_wrong() -> None:
    assert fragment('[[step]]\nop = "test_mix"\nmix = 0.5', "l.toml")["step"] == [{"op": "test_mix", "mix": 0.5}]
    for wrong, what in (
        ("range = [1, 2]", "A look has no `range`"),
        ('[[step]]\nop = "test_mix"\nmix = 5', "cannot be 5"),
    ):
        with pytest.raises(RecipeError, match=what):
            fragment(wrong, "l.toml")


# Wedges


def test_axes_are_seeds_lists_ramps_and_sentences() -> None:
    assert axes(["paint.seed=1,2,3"], DRAFT) == (Axis("paint.seed", ("1", "2", "3")),)
    assert axes(["paint.denoise=0.2:0.6:5"], DRAFT)[0].values == ("0.2", "0.3", "0.4", "0.5", "0.6")
    assert axes(['paint.prompt="a, b|c"'], DRAFT)[0].values == ("a, b", "c")
    assert axes(["comp.mode=over,add"], DRAFT)[0].values == ("over", "add")
    seeds = axes(["paint.seed=16"], DRAFT)[0].values
    assert len(set(seeds)) == 16 and seeds == axes(["paint.seed=16"], DRAFT)[0].values
    assert seeds[:4] == axes(["paint.seed=4"], DRAFT)[0].values
    assert set(seeds).isdisjoint(axes(["paint.seed=16"], set_values(DRAFT, ["paint.seed=5"], "d"))[0].values)


@pytest.mark.parametrize(
    "specs",
    [[], ["paint.seed"], ["paint.seed="], ["pant.seed=3"], ["paint.seed=0"], ["paint.seed=9999"], ["paint.bias=1,2"],
     ["paint.denoise=0:1:1"], ["paint.denoise=1.2.3:4:5"], ["paint.seed=2", "paint.seed=3"], ["a.b=1"] * 3],
)  # fmt: skip
def test_what_cannot_be_varied_is_refused(specs: list[str]) -> None:
    with pytest.raises(RecipeError) as caught:
        axes(specs, DRAFT)
    assert caught.value.todo


def test_a_wedge_is_the_draft_once_for_every_combination() -> None:
    cells = wedge(DRAFT, axes(["paint.seed=2", "paint.denoise=0:1:3"], DRAFT), "d.toml")
    assert [cell.values["paint.denoise"] for cell in cells] == ["0", "0.5", "1"] * 2
    for cell in cells:
        step = parse(cell.text, "cell").step[0]
        assert (step.seed, step.denoise) == (cell.values["paint.seed"], float(cell.values["paint.denoise"]))  # type: ignore[attr-defined]
        assert parse(cell.text, "cell").step[1:] == parse(DRAFT, "d").step[1:]


def test_a_wedge_names_the_value_that_is_not_allowed() -> None:
    with pytest.raises(RecipeError) as caught:
        wedge(DRAFT, (Axis("paint.denoise", ("0.5", "1.5")),), "d.toml")
    assert "paint.denoise=1.5" in caught.value.where


# Changes


def test_a_recipe_does_not_differ_from_itself_or_its_canonical_text() -> None:
    recipe = parse(DRAFT, "d")
    assert changes(recipe, parse(recipe_text(recipe), "r")) == ()


def test_changes_are_told_by_key_and_prompts_by_word() -> None:
    after = set_values(
        DRAFT,
        [
            "paint.prompt=oil painting, embers",
            "comp.mix=0.8",
            "paint.curves.bias=",
            "output.layers=paint",
            "output.master.type=float",
        ],
        "d",
    )
    found = {change.key: change for change in changes(parse(DRAFT, "d"), parse(after, "d"))}
    assert found.keys() == {"output.master.type", "output.layers", "paint.curves.bias", "paint.prompt", "comp.mix"}
    words = ((" ", "oil painting"), ("-", "by candlelight"), ("+", ", embers"))
    assert found["paint.prompt"].words == words
    assert (found["comp.mix"].a, found["comp.mix"].b, found["comp.mix"].group) == ("1.0", "0.8", "comp")
    assert found["paint.curves.bias"].b == "-"


def test_steps_that_came_went_or_moved() -> None:
    one = parse(
        '[[step]]\nop = "test_mix"\nname = "x"\na = "plate"\n[[step]]\nop = "test_mix"\nname = "y"\na = "plate"', "d"
    )
    two = parse(
        '[[step]]\nop = "test_mix"\nname = "y"\na = "plate"\n[[step]]\nop = "test_mix"\nname = "x"\na = "plate"', "d"
    )
    three = parse('[[step]]\nop = "test_brush"\nname = "y"', "d")
    assert changes(one, two) == (Change("order of steps", "x, y", "y, x"),)
    assert Change("step x", "test_mix", "-") in changes(one, three)
    assert Change("y.op", "test_mix", "test_brush") in changes(one, three)


def test_what_changed_outside_the_recipe_is_said_as_that() -> None:
    frozen = parse(DRAFT, "d").model_copy(
        update={"plate_sha256": "a" * 64, "rev": {"test_mix": 1}, "model": {"m": {"sha256": "b" * 64}}}
    )
    other = frozen.model_copy(
        update={"plate_sha256": "c" * 64, "rev": {"test_mix": 2}, "model": {"m": {"sha256": "d" * 64}}}
    )
    assert changes(parse(DRAFT, "d"), frozen) == ()
    assert {change.key for change in changes(frozen, other)} == {"plate changed", "operation changed", "model changed"}
    moved = other.model_copy(update={"range": (1001, 1080), "rev": {}, "model": {}})
    assert {change.key for change in changes(frozen, moved)} == {"range"}
