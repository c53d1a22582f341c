"""A server of vectors that speaks both dialects, and misbehaves when told to."""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np

from services.search.words import words


@dataclass
class EncoderServer:
    """`spoil` changes the list of vectors before it is sent."""

    dimensions: int = 16
    digest: str = "sha256:one"
    status: int = 200
    body: bytes | None = None
    spoil: Any = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def vectors(self, texts: list[str]) -> list[list[float]]:
        made = []
        for text in texts:
            vector = np.full(self.dimensions, 0.01)
            for word in words(text):
                vector[zlib.crc32(word.encode()) % self.dimensions] += 1
            made.append(vector.tolist())
        return self.spoil(made) if self.spoil else made

    def answer(self, path: str, body: dict[str, Any]) -> object:
        if path == "/api/tags":
            return {"models": [{"name": "mini:latest", "digest": self.digest}]}
        self.asked.append(body)
        vectors = self.vectors(body["input"])
        if path == "/api/embed":
            return {"embeddings": vectors}
        numbered = [{"index": place, "embedding": one} for place, one in enumerate(vectors)]
        return {"data": numbered[::-1]}


@contextmanager
def running_encoder_server() -> Iterator[EncoderServer]:
    server = EncoderServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            self._answer(json.loads(self.rfile.read(length)))

        def _answer(self, body: dict[str, Any]) -> None:
            server.headers.append({key.lower(): value for key, value in self.headers.items()})
            told = server.body or json.dumps(server.answer(self.path, body)).encode()
            self.send_response(server.status)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_port}"
        thread = Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
