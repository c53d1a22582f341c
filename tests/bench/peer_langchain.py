"""The peer of search: what people write with LangChain, Chroma, sentence-transformers, rank_bm25.

Runs under a Python of its own, and needs nothing of this repository:

    python -m venv PEER
    PEER/bin/pip install langchain-chroma langchain-huggingface langchain-text-splitters \
        sentence-transformers rank_bm25
    PEER/bin/python peer_langchain.py MODEL_FOLDER

It takes a command as a line of JSON, and answers each with one.
"""

import json
import re
import sqlite3
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from langchain_chroma import Chroma
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter
from rank_bm25 import BM25Okapi

CANDIDATES = 50
# As usual for reciprocal rank fusion.
RRF = 60
PER_ADD = 5_000
_WORD = re.compile(r"\w+")


class Pipeline:
    def __init__(self, model: str) -> None:
        self._embeddings = HuggingFaceEmbeddings(
            model_name=model, encode_kwargs={"normalize_embeddings": True, "batch_size": 32}
        )
        self._chroma = Chroma(
            "passages", self._embeddings, collection_metadata={"hnsw:space": "cosine"}
        )
        self._splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=150)
        self._texts: defaultdict[str, list[str]] = defaultdict(list)
        self._ids: defaultdict[str, list[str]] = defaultdict(list)
        self._sources: dict[str, str] = {}
        self._bm25: dict[str, BM25Okapi] = {}

    def ingest(self, tenant: str, documents: dict[str, str]) -> dict[str, float]:
        """Split, encoded and indexed."""
        begun = time.perf_counter()
        chunks = [
            (source, text)
            for source, content in documents.items()
            for text in self._splitter.split_text(content)
        ]
        texts = [text for _, text in chunks]
        ids = [f"{tenant}-{number}" for number in range(len(texts))]
        self._chroma.add_texts(texts, [{"tenant": tenant} for _ in texts], ids)
        self._note(tenant, ids, texts, [source for source, _ in chunks])
        return {"chunks": len(texts), "seconds": time.perf_counter() - begun}

    def load(self, database: str) -> dict[str, float]:
        """The chunks of a search service with their vectors, so that nothing is encoded."""
        begun, count = time.perf_counter(), 0
        statement = (
            "SELECT c.tenant_id, c.chunk_id, c.text, e.meaning FROM chunks c"
            " JOIN embeddings e USING (tenant_id, chunk_id)"
        )
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            rows = connection.execute(statement)
            while batch := rows.fetchmany(PER_ADD):
                self._add(batch)
                count += len(batch)
        return {"chunks": count, "seconds": time.perf_counter() - begun}

    def ask(self, questions: list[tuple[str, str]], clients: int) -> dict[str, Any]:
        def timed(question: tuple[str, str]) -> tuple[list[str], float]:
            begun = time.perf_counter()
            found = self._search(*question)
            return found, time.perf_counter() - begun

        begun = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            answers = list(pool.map(timed, questions))
        whole = time.perf_counter() - begun
        return {
            "whole": whole,
            "seconds": [seconds for _, seconds in answers],
            "sources": [[self._sources[one] for one in found] for found, _ in answers],
        }

    def _search(self, tenant: str, question: str) -> list[str]:
        near = self._chroma.similarity_search_with_score(
            question, CANDIDATES, filter={"tenant": tenant}
        )
        points = self._words_of(tenant).get_scores(_words(question))
        best = np.argsort(-points)[:CANDIDATES]
        fused: defaultdict[str, float] = defaultdict(float)
        for rank, (document, _) in enumerate(near):
            fused[str(document.id)] += 1 / (RRF + rank)
        for rank, place in enumerate(best):
            fused[self._ids[tenant][place]] += 1 / (RRF + rank)
        return sorted(fused, key=lambda one: -fused[one])[:CANDIDATES]

    def _words_of(self, tenant: str) -> BM25Okapi:
        if tenant not in self._bm25:
            self._bm25[tenant] = BM25Okapi([_words(text) for text in self._texts[tenant]])
        return self._bm25[tenant]

    def _add(self, rows: list[tuple[str, str, str, bytes]]) -> None:
        self._chroma._collection.add(
            ids=[chunk_id for _, chunk_id, _, _ in rows],
            embeddings=[np.frombuffer(meaning, "<f4") for *_, meaning in rows],
            documents=[text for _, _, text, _ in rows],
            metadatas=[{"tenant": tenant} for tenant, *_ in rows],
        )
        for tenant, chunk_id, text, _ in rows:
            self._note(tenant, [chunk_id], [text], [chunk_id])

    def _note(self, tenant: str, ids: list[str], texts: list[str], sources: list[str]) -> None:
        self._ids[tenant] += ids
        self._texts[tenant] += texts
        self._sources.update(zip(ids, sources, strict=True))
        self._bm25.pop(tenant, None)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def main() -> None:
    pipeline = Pipeline(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(pipeline, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
