"""The whole words that the encoder's tokenizer knows: a dictionary of what is spelled right."""

import json
from pathlib import Path

# Shorter ones are mostly pieces of words.
SHORTEST = 4


def known_words(folder: Path = Path(__file__).parent) -> frozenset[str]:
    vocabulary = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    return frozenset(word for word in vocabulary if len(word) >= SHORTEST and word.isalpha())
