"""Importing articles, beside sentence-transformers encoding the very same passages."""

import json
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

from services.mesh.settings import REPOSITORY
from tests.support.installation import Installation

ARTICLES = REPOSITORY / "infra" / "demo"
COPIES = 6
PEER = """
import json, sys, time
import torch
from sentence_transformers import SentenceTransformer
texts = json.load(open(sys.argv[1]))
model = SentenceTransformer(sys.argv[2], device="cpu")
model.encode(texts[:8])
start = time.perf_counter()
model.encode(texts, batch_size=16)
print(len(texts) / (time.perf_counter() - start))
"""


def measure(mesh: Installation, peer_python: str, peer_model: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        write_articles(Path(folder))
        start = time.perf_counter()
        done = mesh.run("kb", "import", folder, "--tenant", "acme")
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
    passages = passages_of_import(mesh)
    ours = len(passages) / seconds
    lines = [f"import, whole path through the gateway         {ours:8.0f} chunks/s"]
    if not peer_python:
        return [*lines, "peer: not run; name a Python with sentence-transformers by --peer-python"]
    theirs = encode_by_peer(passages, peer_python, peer_model)
    return [
        *lines,
        f"peer: sentence-transformers, encoding alone    {theirs:8.0f} chunks/s",
        f"ratio, import to the peer's encoding           {ours / theirs:8.2f}",
    ]


def write_articles(folder: Path) -> None:
    """The demo articles several times over, each copy with text of its own."""
    for path in sorted(ARTICLES.glob("*/knowledge/*.md")):
        for copy in range(COPIES):
            name = f"bench-{path.parent.parent.name}-{path.stem}-{copy}.md"
            words = path.read_text().replace(". ", f". In plant {copy}, ", 3)
            (folder / name).write_text(words)


def passages_of_import(mesh: Installation) -> list[str]:
    """Every chunk that the import made, with the headings that are encoded before it."""

    with sqlite3.connect(mesh.data / "search" / "search.db") as database:
        return [
            f"{lead} {text}"
            for lead, text in database.execute(
                "select c.lead, c.text from chunks c"
                " join documents d using (tenant_id, document_id)"
                " where d.source_uri like 'bench-%'"
            )
        ]


def encode_by_peer(passages: list[str], python: str, model: str) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(passages, file)
        file.flush()
        done = subprocess.run(
            [python, "-c", PEER, file.name, model], capture_output=True, text=True, check=True
        )
    return float(done.stdout.split()[-1])
