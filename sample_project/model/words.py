"""The prompts the model is trained on, and the tokenizer that knows their words."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

LENGTH = 40
"""Tokens that the text encoder reads."""

WORDS = {
    "dream glow": ["dream glow", "dreamlike soft glow", "soft pink dream", "hazy dreamy bloom", "ethereal glow",
                   "dream sequence", "a dream"],
    "night": ["night", "at night", "day for night", "moonlight", "dark blue night", "night time"],
    "bleach bypass": ["bleach bypass", "gritty bleach bypass print", "desaturated high contrast",
                      "silver retention, bleach bypass", "harsh gritty look"],
    "16mm film": ["16mm film", "16 mm film", "grainy 16mm film", "warm vintage film grain", "vintage film stock",
                  "super 16 grain", "old film"],
    "thermal": ["thermal", "infrared false colour", "thermal camera", "heat map", "false color"],
    "charcoal": ["charcoal", "charcoal drawing", "charcoal sketch on paper", "pencil drawing", "black chalk sketch",
                 "hand drawn charcoal"],
    "oil painting": ["oil painting", "painted in oil", "thick oil paint on canvas", "impressionist painting",
                     "an oil painting by an impressionist", "gouache painting"],
    "watercolour": ["watercolour", "watercolor", "watercolour painting on paper", "watercolor wash", "soft aquarelle"],
    "cyanotype": ["cyanotype", "blue print", "prussian blue cyanotype print", "old blue photograph"],
    "infrared film": ["infrared film", "colour infrared film", "aerochrome", "pink infrared foliage",
                      "infrared photograph"],
    "clean plate": ["clean plate", "no effect", "original photograph", "unchanged", "plain plate"],
}  # fmt: skip

FILLERS = """a the of in on with and scene shot plate frame street city road house wall door window woman man girl boy
person people face hair child crowd bicycle bike car bus tree forest grass garden flower field mountain river sea lake
water sky cloud sun light shadow room table cup coffee cat dog rabbit bird horse space rocket astronaut building temple
bridge church close up wide angle medium walking running sitting standing looking old young red green blue white black
yellow small large cinematic film still style look version take morning evening summer winter rain snow wind quiet busy
empty beautiful detailed portrait landscape camera background foreground left right calm less more by candlelight stars
meadow siesta asleep sleeping memory""".split()  # noqa: SIM905
"""Words that prompts hold beside the look; the model learns that they change nothing."""


def prompt(names: tuple[str, ...], draw: random.Random) -> str:
    """One way to ask for the looks, often with words that mean nothing to the model."""
    parts = [draw.choice(WORDS[name]) for name in names]
    if draw.random() < 0.15:
        parts.reverse()
    if draw.random() < 0.5:
        parts.insert(draw.randrange(len(parts) + 1), chatter(draw))
    return draw.choice([", ", ", ", " ", " in "]).join(parts)


def chatter(draw: random.Random) -> str:
    return " ".join(draw.choices(FILLERS, k=draw.randint(1, 5)))


def tokenizer(folder: Path) -> Any:
    """A CLIPTokenizer over bytes that knows our prompts' words, most as one token. Its files go to `folder`."""
    from transformers import CLIPTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [code for code in range(256) if code not in kept]
    symbols = [chr(code) for code in kept] + [chr(256 + n) for n in range(len(rest))]  # GPT-2's alphabet for bytes
    vocabulary = dict.fromkeys([*symbols, *(symbol + "</w>" for symbol in symbols)])
    merges: dict[tuple[str, str], None] = {}
    phrases = [phrase for choices in WORDS.values() for phrase in choices]
    words = {word for phrase in phrases for word in re.findall(r"[a-z]+", phrase.lower())} | set(FILLERS)
    for word in sorted(words):  # left to right, one chain a word: together a tree of prefixes
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            merges[parts[0], parts[1]] = None
            parts = [parts[0] + parts[1], *parts[2:]]
            vocabulary[parts[0]] = None
    vocabulary |= dict.fromkeys(["<|startoftext|>", "<|endoftext|>"])
    (folder / "vocab.json").write_text(json.dumps({token: n for n, token in enumerate(vocabulary)}), encoding="utf-8")
    lines = ["#version: 0.2", *(f"{a} {b}" for a, b in merges), ""]
    (folder / "merges.txt").write_text("\n".join(lines), encoding="utf-8")
    return CLIPTokenizer.from_pretrained(str(folder), model_max_length=LENGTH)
