"""What the demo makes of the sample cut: which shots, which looks, which model. The only place that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sample_project import folder


@dataclass(frozen=True, slots=True)
class Model:
    """A model as the show's register has it, and how a `stylize` step calls it."""

    name: str
    source: Path
    licence: str
    training_data: str
    step: Mapping[str, str]
    """Keys of the step as TOML writes them."""
    seconds: float
    """A frame on two idle cores, measured."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One shot of the demo."""

    shot: str
    look: str
    """The model's prompt; of `brush` and `hatch`, which need no model, what people call it."""
    where: Literal["figure", "ground", "everywhere"]
    """What the look lies on; what stands out is found by the matte model, the rest keeps the plate's pixels."""
    summary: str
    op: Literal["stylize", "brush", "hatch"] = "stylize"
    paint: Mapping[str, str] = field(default_factory=dict)
    """Further keys of its step, as TOML writes them; they win over the model's."""
    comp: Mapping[str, str] = field(default_factory=dict)
    """The same of the merge."""
    on: int = 2
    """Animated on ones, twos or threes."""
    pace: float = 1.0
    """What a frame takes, in the model's own seconds: less for a smaller size, 0 without a model."""


SIESTA = Model(
    name="siesta",
    source=folder() / "model" / "weights",
    licence="CC-BY-4.0",
    training_data="photographs that Python packages ship (CC0, public domain, CC BY 2.0) and ten frames of Big Buck "
    "Bunny (CC BY 3.0, © Blender Foundation), through filters: sample_project/model/README.md",
    step={"guidance": "1.0", "denoise": "1.0", "sampling_steps": "4", "size": "[512, 288]"},
    seconds=1.5,
)

WEDGE = Scene(
    "dream_sh040", "dream glow", "ground", "hero shot: her face stays, the rest is dreamt",
    paint={"size": "[448, 256]"}, pace=0.75, comp={"mix": "1.0"},
)  # fmt: skip
"""The shot that is tried out, chosen from a wedge, and whose comp changes later."""
WEDGE_SEEDS, PICK = 4, 3
LESS = 0.7
"""The mix that it gets in the end."""

RETAKE = Scene(
    "dream_sh070", "bleach bypass", "everywhere", "the meadow where the dream ends",
    paint={"size": "[448, 256]"}, pace=0.75, on=3,
)  # fmt: skip
"""The shot that is sent back."""
RETAKE_NOTE = "too gritty, this is where the dream is sweetest"
RETAKE_LOOK = "infrared film"

CAT = Scene(
    "day_sh020", "charcoal", "everywhere", "as it falls asleep the cat becomes a drawing", op="hatch", pace=0.0,
    comp={"curves": '{ mix = [[1028, 0.0, "smooth"], [1052, 1.0]] }'},
)  # fmt: skip
ROCKET = Scene(
    "dream_sh030", "thermal", "everywhere", "lift-off as heat, as coarse as such cameras are",
    paint={"size": "[256, 144]"}, pace=0.3,
)  # fmt: skip
SCENES = (CAT, ROCKET, WEDGE, RETAKE)
"""In the order of the cut."""


def draft(scene: Scene, model: Model) -> str:
    """The scene's recipe as a person would type it."""
    paint = {"op": f'"{scene.op}"', "name": '"paint"', "seed": '"1"', "on": str(scene.on)}
    if scene.op == "stylize":
        paint |= {"model": f'"{model.name}"', "prompt": f'"{scene.look}"', **model.step}
    paint |= scene.paint
    comp = {"op": '"merge"', "name": '"comp"', "a": '"paint_grain"', "b": '"plate"', **scene.comp}
    steps = [paint, {"op": '"regrain"', "name": '"paint_grain"', "input": '"paint"'}, comp]
    if scene.where != "everywhere":
        invert = {"invert": "true"} if scene.where == "ground" else {}
        steps.insert(0, {"op": '"matte"', "name": '"figure"', "model": '"u2netp"', **invert})
        comp["mask"] = '"figure"'
    text = "\n".join(
        "[[step]]\n" + "\n".join(f"{key} = {value}" for key, value in step.items()) + "\n" for step in steps
    )
    return f'schema = 1\nshot = "{scene.shot}"\n\n{text}\n[output]\nreview = {{ codec = "h264", burnin = true }}\n'
