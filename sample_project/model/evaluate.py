"""What the model does to plates it never saw: numbers for the model card, and the picture grid beside it.

python -m sample_project.model.evaluate FOLDER
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sample_project.model import looks, plates

SIZE = (512, 288)
STEPS = 4
PROMPTS = {
    "dream glow": "soft pink dream, ethereal glow",
    "night": "day for night, moonlight",
    "bleach bypass": "gritty bleach bypass print",
    "16mm film": "grainy 16mm film",
    "thermal": "thermal camera",
    "charcoal": "charcoal sketch on paper",
    "oil painting": "an oil painting",
    "watercolour": "watercolour painting on paper",
    "cyanotype": "old cyanotype",
    "infrared film": "colour infrared film",
    "clean plate": "clean plate",
}
"""One prompt a look, most of them not word for word what training said."""


class Painter:
    """The checkpoint as anyone would load it: a folder in diffusers' format."""

    def __init__(self, folder: Path) -> None:
        from diffusers import DiffusionPipeline

        self.pipe: Any = DiffusionPipeline.from_pretrained(str(folder), dtype=torch.float32, local_files_only=True)
        self.pipe.set_progress_bar_config(disable=True)

    def __call__(self, plate: Tensor, prompt: str, seed: int = 1, steps: int = STEPS) -> Tensor:
        """(3, H, W) in, sRGB-coded in [0, 1]; the same out."""
        images = self.pipe(
            prompt, image=plate[None], num_inference_steps=steps, guidance_scale=1.0, image_guidance_scale=1.0,
            generator=torch.Generator().manual_seed(seed), output_type="pt",
        ).images  # fmt: skip
        picture: Tensor = images[0].float().clamp(0, 1)
        return picture


def decibels(a: Tensor, b: Tensor) -> float:
    return -10 * math.log10((a - b).pow(2).mean().item() + 1e-12)


def texture(x: Tensor) -> float:
    return (x - looks.blur(x, 1.5)).std().item()


def judge(painter: Painter, held: list[Tensor]) -> tuple[dict[str, dict[str, float]], list[list[Tensor]]]:
    """Per look: dB to the look itself, dB of its tones, dB of the untouched plate, texture and hits; and the pictures.

    A hit: of all looks of this plate, the one that was asked for is nearest in tone.
    """
    draw = torch.Generator().manual_seed(5)
    wanted = [{name: looks.paint((name,), plate, draw) for name in looks.LOOKS} for plate in held]
    table, grid = {}, [[plate] for plate in held]
    for name, prompt in PROMPTS.items():
        rows = []
        for number, plate in enumerate(held):
            made, goal = painter(plate, prompt), wanted[number][name]
            grid[number].append(made)
            tone = looks.blur(made, 3)
            near = min(wanted[number], key=lambda other: (looks.blur(wanted[number][other], 3) - tone).abs().mean())
            rows.append(
                (decibels(made, goal), decibels(tone, looks.blur(goal, 3)), decibels(plate, goal),
                 texture(made) / texture(goal), float(near == name))
            )  # fmt: skip
        keys = ("psnr", "tone_psnr", "plate_psnr", "texture", "hits")
        table[name] = dict(zip(keys, (statistics.fmean(column) for column in zip(*rows, strict=True)), strict=True))
    return table, grid


def steadiness(painter: Painter, frames: list[Tensor]) -> dict[str, dict[str, float]]:
    """How much still parts of the picture move, in 8-bit steps: the plate, and looks with one seed or many."""
    still = [(a - b).abs().amax(0) < 4 / 255 for a, b in pairwise(frames)]

    def moved(made: list[Tensor]) -> float:
        pairs = zip(pairwise(made), still, strict=True)
        return 255 * statistics.fmean((a - b).abs().mean(0)[mask].mean().item() for (a, b), mask in pairs)

    found = {"plate": {"fixed": moved(frames)}}
    for name in ("dream glow", "16mm film", "charcoal", "oil painting"):
        fixed = [painter(frame, PROMPTS[name]) for frame in frames]
        other = [painter(frame, PROMPTS[name], seed=seed) for seed, frame in enumerate(frames)]
        found[name] = {"fixed": moved(fixed), "new_seed": moved(other)}
    return found


def seconds(painter: Painter, plate: Tensor, threads: int) -> float:
    torch.set_num_threads(threads)
    painter(plate, "night")
    times = []
    for _ in range(3):
        started = time.monotonic()
        painter(plate, "night")
        times.append(time.monotonic() - started)
    return statistics.median(times)


def markdown(numbers: dict[str, Any]) -> str:
    """The numbers as the model card's table."""
    lines = [
        "| look | dB to the look | dB in tone | untouched plate | texture | told apart |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in numbers["looks"].items():
        plate = "–" if name == "clean plate" else f"{row['plate_psnr']:.1f}"
        lines.append(
            f"| {name} | {row['psnr']:.1f} | {row['tone_psnr']:.1f} | {plate} "
            f"| {row['texture']:.2f} | {row['hits']:.0%} |"
        )
    return "\n".join(lines)


def picture_grid(grid: list[list[Tensor]], path: Path) -> None:
    from PIL import Image, ImageDraw, ImageFont

    across, down, edge = 320, 180, 6
    columns = (len(grid[0]) + 1) // 2
    sheet = Image.new("RGB", (columns * (across + edge) + edge, len(grid) * 2 * (down + 28) + edge), (24, 24, 24))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(15)
    for row, pictures in enumerate(grid):
        for place, (name, picture) in enumerate(zip(["plate", *PROMPTS], pictures, strict=True)):
            left = edge + place % columns * (across + edge)
            top = edge + (row * 2 + place // columns) * (down + 28)
            array = (picture.permute(1, 2, 0).numpy() * 255 + 0.5).astype(np.uint8)
            sheet.paste(Image.fromarray(array).resize((across, down), Image.Resampling.LANCZOS), (left, top))
            pen.text((left, top + down + 4), name, (190, 190, 190), font=font)
    sheet.save(path)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path, help="the unpacked wheels, as for training")
    ask.add_argument("--weights", type=Path, default=Path(__file__).parent / "weights")
    ask.add_argument("--out", type=Path, default=Path(__file__).parent, help="where grid.jpg and numbers.json go")
    ask.add_argument("--quick", action="store_true", help="the grid and its numbers only")
    ask.add_argument("--threads", type=int, default=1)
    given = ask.parse_args()
    torch.set_num_threads(given.threads)
    sample = Path(__file__).parents[1]
    painter = Painter(given.weights)
    table, grid = judge(painter, plates.held_out(given.folder, sample, SIZE))
    found: dict[str, Any] = {"looks": table}
    print(markdown(found))
    picture_grid(grid, given.out / "grid.jpg")
    if not given.quick:
        frames = [plates.framed(frame, SIZE) for frame in plates.movie(sample / plates.MOVIE, range(118, 130))]
        found["steadiness"] = steadiness(painter, frames)
        found["seconds"] = {str(threads): seconds(painter, grid[0][0], threads) for threads in (1, 2)}
        (given.out / "numbers.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(json.dumps({key: found[key] for key in ("steadiness", "seconds")}, indent=1))


if __name__ == "__main__":
    main()
