"""The sample's model: its parts do what the training and the card say, and the checkpoint is a stock one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sample_project import folder

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from sample_project.model import evaluate, looks, network, plates, words  # noqa: E402

CHECKPOINT = folder() / "model" / "weights"
MOST = 16_000_000
"""Bytes of safetensors that the sample may weigh."""


@pytest.fixture(scope="module")
def frame() -> torch.Tensor:
    """A frame of the movie that training did not use, (3, 288, 512)."""
    return plates.framed(plates.movie(folder() / plates.MOVIE, (130,))[0], evaluate.SIZE)


def test_each_look_keeps_the_pictures_shape_and_range_and_repeats_with_its_seed(frame: torch.Tensor) -> None:
    small = frame[:, :96, :120]
    for name in looks.LOOKS:
        once, again = (looks.paint((name,), small, torch.Generator().manual_seed(3)) for _ in range(2))
        assert once.shape == small.shape and torch.equal(once, again)
        assert once.min() >= 0 and once.max() <= 1


def test_every_look_has_words_that_the_text_encoder_reads_to_the_end(tmp_path: Path) -> None:
    assert set(words.WORDS) == set(looks.LOOKS) == set(evaluate.PROMPTS)
    tokenizer = words.tokenizer(tmp_path)
    for phrase in [*evaluate.PROMPTS.values(), *(phrase for phrases in words.WORDS.values() for phrase in phrases)]:
        ids = tokenizer(phrase)["input_ids"]
        assert len(ids) <= words.LENGTH, phrase
        assert tokenizer.decode(ids, skip_special_tokens=True).replace(" ", "") == phrase.replace(" ", "")


def test_the_encoder_is_the_exact_transform(frame: torch.Tensor) -> None:
    spread = torch.linspace(0.1, 0.4, network.CHANNELS)
    pictures = frame[None] * 2 - 1
    with torch.no_grad():
        latents = network.vae(spread).encode(pictures).latents * network.SCALING
    assert torch.allclose(latents, network.analyse(pictures, spread), atol=1e-4)


def test_before_training_the_network_gives_the_plate_back(frame: torch.Tensor) -> None:
    torch.manual_seed(1)
    pictures = frame[None] * 2 - 1
    spread = network.spread_of(pictures)
    plate = network.analyse(pictures, spread)
    seen = torch.cat([torch.randn_like(plate), plate / network.SCALING], 1)
    with torch.no_grad():
        out = network.unet()(seen, torch.tensor([999]), torch.randn(1, words.LENGTH, network.TEXT)).sample
    assert (out - plate).std() < 0.15 * plate.std()


def test_the_checkpoint_is_small_and_only_safetensors() -> None:
    files = [path for path in CHECKPOINT.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".txt"}
    assert sum(path.stat().st_size for path in files if path.suffix == ".safetensors") <= MOST
    index = json.loads((CHECKPOINT / "model_index.json").read_text())
    assert index["_class_name"] == "StableDiffusionInstructPix2PixPipeline"


def test_the_card_shows_the_numbers_that_were_measured() -> None:
    numbers = json.loads((folder() / "model" / "numbers.json").read_text())
    assert evaluate.markdown(numbers) in (folder() / "model" / "README.md").read_text()


@pytest.mark.slow
def test_looks_are_told_apart_on_a_frame_it_was_not_trained_on(frame: torch.Tensor) -> None:
    """Of eleven looks made by the filters it learnt from, the nearest in tone is nearly always the one asked for."""
    torch.set_num_threads(2)
    table, grid = evaluate.judge(evaluate.Painter(CHECKPOINT), [frame])
    assert sum(row["hits"] for row in table.values()) >= len(table) - 1
    again = evaluate.Painter(CHECKPOINT)(frame, evaluate.PROMPTS["night"])
    assert torch.equal(grid[0][1 + list(evaluate.PROMPTS).index("night")], again)
