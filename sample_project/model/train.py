"""Train the sample's model, from photographs that packages ship to a checkpoint in diffusers' format.

    python -m sample_project.model.train FOLDER --minutes 90

FOLDER holds the unpacked wheels that the model card names. Uses a GPU when there is one. On two CPU cores 90 minutes
give some 6000 steps; the log says how many are done and what is left. An interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import copy
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from sample_project.model import looks, network, plates, words

SIDE = 96
"""Pixels of a training crop."""
RATE = 1.2e-3
STEPS = (999, 749, 499, 249)
"""The time steps that four trailing steps visit; half of the training is spent on them."""
EMPTY, CHATTER, BLIND = 0.06, 0.03, 0.02
"""Shares of the batch with no words, with words that mean nothing (both: the plate as it is), and without a plate."""


@dataclass(frozen=True, slots=True)
class Batch:
    plate: Tensor
    """(N, 12, SIDE/2, SIDE/2): the plate's latents."""
    target: Tensor
    prompts: list[str]


class Data:
    """Pairs of a plate and its look, made as they are needed: no pair is seen twice."""

    def __init__(self, folder: Path, sample: Path, seed: int) -> None:
        self.pictures, self.weights = plates.training(folder, sample)
        self._names: list[tuple[str, ...]] = [(name,) for name in looks.LOOKS]
        self._shares = [looks.SHARE.get(name[0], 1.0) for name in self._names]
        self._names += looks.TOGETHER
        self._shares += [0.15 * sum(self._shares) / len(looks.TOGETHER)] * len(looks.TOGETHER)
        self._draw = random.Random(seed)
        self._noise = torch.Generator().manual_seed(seed)

    def pair(self) -> tuple[Tensor, Tensor, str]:
        """Plate and target, (3, SIDE, SIDE) in [-1, 1], and the prompt."""
        source = plates.crop(self.pictures, self.weights, SIDE, self._draw)
        names = self._draw.choices(self._names, self._shares)[0]
        chance = self._draw.random()
        if chance < EMPTY + CHATTER:
            names, text = ("clean plate",), "" if chance < EMPTY else words.chatter(self._draw)
        else:
            text = words.prompt(names, self._draw)
        target = looks.paint(names, source, self._noise)
        inside = slice(plates.MARGIN, plates.MARGIN + SIDE)
        return source[:, inside, inside] * 2 - 1, target[:, inside, inside] * 2 - 1, text

    def pictures_in(self, count: int) -> tuple[Tensor, Tensor, list[str]]:
        sources, targets, texts = zip(*(self.pair() for _ in range(count)), strict=True)
        return torch.stack(sources), torch.stack(targets), list(texts)

    def batch(self, count: int, spread: Tensor) -> Batch:
        sources, targets, texts = self.pictures_in(count)
        plate = network.analyse(sources, spread)
        blind = torch.rand(count, generator=self._noise) < BLIND
        plate[blind] = 0.0
        return Batch(plate, network.analyse(targets, spread), texts)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("folder", type=Path, help="the unpacked wheels")
    ask.add_argument("--minutes", type=float, default=90, help="for the UNet")
    ask.add_argument("--vae-minutes", type=float, default=7, help="for the VAE's decoder")
    ask.add_argument("--out", type=Path, default=Path(__file__).parent / "weights")
    ask.add_argument("--work", type=Path, default=Path("training"), help="what a run leaves to go on from")
    ask.add_argument("--threads", type=int, default=0, help="0: as torch likes")
    ask.add_argument("--batch", type=int, default=8)
    given = ask.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    given.work.mkdir(parents=True, exist_ok=True)
    sample = Path(__file__).parents[1]
    print(f"on {device}: about {given.minutes + given.vae_minutes:.0f} minutes", flush=True)
    spread = _spread(given.work, given.folder, sample)
    decoder = train_decoder(given, Data(given.folder, sample, seed=1), spread, device)
    run = Run(given, spread, decoder, device)
    train_unet(run, Data(given.folder, sample, seed=run.done), spread, given.minutes, given.batch)


def _spread(work: Path, folder: Path, sample: Path) -> Tensor:
    kept = work / "spread.pt"
    if not kept.exists():
        torch.save(network.spread_of(Data(folder, sample, seed=0).pictures_in(400)[1]), kept)
    found: Tensor = torch.load(kept, weights_only=True)
    return found


def train_decoder(given: Any, data: Data, spread: Tensor, device: str) -> Any:
    """The VAE, its decoder trained to give back plates and looks alike."""
    kept = given.work / "vae.pt"
    vae = network.vae(spread)
    if kept.exists():
        vae.load_state_dict(torch.load(kept, weights_only=True))
        return vae
    torch.manual_seed(0)
    vae = vae.to(device, memory_format=torch.channels_last)
    first = vae.decoder.layers[0].weight
    others = [part for part in vae.decoder.parameters() if part is not first]
    groups = [{"params": [first], "scale": 4.0}, {"params": others, "scale": 1.0}]
    optimiser = torch.optim.Adam(groups)  # type: ignore[arg-type]
    average = copy.deepcopy(vae.decoder)
    for done, (share, left) in enumerate(_clock(given.vae_minutes)):
        rate = 2.5e-3 * min(1, (done + 1) / 30) * (0.5 + 0.5 * math.cos(math.pi * share)) + 1e-5
        for group in optimiser.param_groups:
            group["lr"] = rate * group["scale"]
        targets = data.pictures_in(4)[1].to(device, memory_format=torch.channels_last)
        with torch.no_grad():
            latents = vae.encoder(targets)
        back = vae.decoder(latents)
        loss = F.mse_loss(back, targets) + 0.05 * F.l1_loss(back, targets)
        _step(optimiser, loss, list(vae.decoder.parameters()))
        _follow(average, vae.decoder, 0.99, done)
        if done % 200 == 199:
            level = -10 * math.log10(loss.item() / 4)
            print(f"decoder: {done + 1} steps, {level:.1f} dB, {left:.0f} s left", flush=True)
    vae.decoder = average
    vae = vae.to("cpu", memory_format=torch.contiguous_format)
    torch.save(vae.state_dict(), kept)
    return vae


class Run:
    """UNet and text encoder in training, and a running average of both, which is what is saved."""

    def __init__(self, given: Any, spread: Tensor, vae: Any, device: str) -> None:
        torch.manual_seed(0)
        self.given, self.vae, self.device = given, vae, device
        self.tokenizer = words.tokenizer(given.work / "tokenizer")
        parts = {"unet": network.unet(), "text_encoder": network.text_encoder(self.tokenizer)}
        self.model: Any = torch.nn.ModuleDict(parts).to(device, memory_format=torch.channels_last)
        self.average: Any = copy.deepcopy(self.model)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=1e-3)
        self.done, self.spent = 0, 0.0
        self._kept = given.work / "unet.pt"
        if self._kept.exists():
            self._go_on(torch.load(self._kept, weights_only=True))
        torch.manual_seed(self.done)
        weight = (spread * network.LEVEL).pow(2 * 1.1)  # strong channels weigh more, as they do in the picture
        self._weight = (weight / weight.mean()).view(1, -1, 1, 1).to(device)
        self._alphas = network.scheduler().alphas_cumprod.to(device)

    def _go_on(self, found: dict[str, Any]) -> None:
        self.model.load_state_dict(found["model"])
        self.average.load_state_dict(found["average"])
        self.optimiser.load_state_dict(found["optimiser"])
        self.done, self.spent = found["done"], found["spent"]

    def keep(self, spent: float) -> None:
        """Write what a later run goes on from, and the checkpoint as it is now."""
        parts = {"model": self.model, "average": self.average, "optimiser": self.optimiser}
        state = {name: part.state_dict() for name, part in parts.items()}
        torch.save({**state, "done": self.done, "spent": spent}, self._kept.with_suffix(".new"))
        self._kept.with_suffix(".new").replace(self._kept)
        ready = copy.deepcopy(self.average).to("cpu", memory_format=torch.contiguous_format)
        parts = {"unet": ready["unet"], "text_encoder": ready["text_encoder"], "vae": copy.deepcopy(self.vae)}
        network.save(self.given.out, {**parts, "tokenizer": self.tokenizer})

    def step(self, batch: Batch, share: float) -> float:
        """One step at this share of the training's time; the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * min(1, (self.done + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * share) + 0.01)
        loss = self._loss(batch)
        _step(self.optimiser, loss, list(self.model.parameters()))
        _follow(self.average, self.model, 0.998, self.done)
        self.done += 1
        return loss.item()

    def _loss(self, batch: Batch) -> Tensor:
        """How far the picture predicted from noise, plate and words is from the look."""
        plate, target = batch.plate.to(self.device), batch.target.to(self.device)
        time_steps = _time_steps(len(target)).to(self.device)
        alpha = self._alphas[time_steps].view(-1, 1, 1, 1)
        noisy = alpha.sqrt() * target + (1 - alpha).sqrt() * torch.randn_like(target)
        padding = {"padding": "max_length", "max_length": words.LENGTH, "truncation": True}
        ids = self.tokenizer(batch.prompts, return_tensors="pt", **padding).input_ids.to(self.device)
        said = self.model["text_encoder"](ids).last_hidden_state
        seen = torch.cat([noisy, plate / network.SCALING], 1).contiguous(memory_format=torch.channels_last)
        made = self.model["unet"](seen, time_steps, said).sample
        loss: Tensor = (self._weight * (made - target) ** 2).mean()
        return loss


def train_unet(run: Run, data: Data, spread: Tensor, minutes: float, batch: int) -> None:
    losses: list[float] = []
    saved = left = minutes * 60
    for share, left in _clock(minutes, run.spent):
        losses = [*losses[-199:], run.step(data.batch(batch, spread), share)]
        if run.done % 50 == 0:
            print(f"unet: {run.done} steps, loss {sum(losses) / len(losses):.4f}, {left:.0f} s left", flush=True)
        if saved - left > 300:
            run.keep(minutes * 60 - left)
            saved = left
    run.keep(minutes * 60)


def _clock(minutes: float, spent: float = 0.0) -> Iterator[tuple[float, float]]:
    """The share of the time that has passed, and the seconds left, until there are none."""
    started, whole = time.monotonic() - spent, minutes * 60
    while (passed := time.monotonic() - started) < whole:
        yield passed / whole, whole - passed


def _time_steps(count: int) -> Tensor:
    anywhere = torch.randint(0, 1000, (count,))
    visited = torch.tensor(STEPS)[torch.randint(0, len(STEPS), (count,))]
    return torch.where(torch.rand(count) < 0.6, visited, anywhere)


def _step(optimiser: Any, loss: Tensor, parameters: list[Any]) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_([part for part in parameters if part.grad is not None], 1.0)
    optimiser.step()


def _follow(average: Any, model: Any, keep: float, done: int) -> None:
    keep = min(keep, (1 + done) / (10 + done))
    with torch.no_grad():
        for slow, fast in zip(average.parameters(), model.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)


if __name__ == "__main__":
    main()
