"""An OpenID provider that answers as a test has told it to."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

Answer = tuple[int, dict[str, object]]

PENDING: Answer = (400, {"error": "authorization_pending"})
SLOW_DOWN: Answer = (400, {"error": "slow_down"})
STARTED: Answer = (
    200,
    {
        "device_code": "device-1",
        "user_code": "BCDF-GHJK",
        "verification_uri": "http://desk.example/oauth/device",
        "verification_uri_complete": "http://desk.example/oauth/device?user_code=BCDF-GHJK",
        "expires_in": 600,
        "interval": 5,
    },
)
WHO: Answer = (200, {"sub": "1", "tenant": "acme", "email": "ada@acme.example"})


def tokens(number: int = 1) -> Answer:
    return 200, {
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        "expires_in": 300,
    }


@dataclass
class FakeProvider:
    """Each path's answers in order; the last one stays."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider._answer(self)

            def do_POST(self) -> None:
                provider._answer(self)

            def log_message(self, *_: object) -> None:
                """Tests need no access log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("content-length", 0))
        form = dict(parse_qsl(request.rfile.read(length).decode()))
        self.asked.append((request.path, form))
        answers = self.answers.get(request.path, [(404, {})])
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        content = json.dumps(body).encode()
        request.send_response(status)
        request.send_header("content-length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
