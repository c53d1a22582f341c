"""A web app of another origin, with a client library that nobody here wrote."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

BROWSER = Path(__file__).parents[1] / "browser"
LIBRARY = BROWSER / "node_modules" / "oidc-client-ts" / "dist" / "browser"
_FILES = {
    "/": (BROWSER / "app.html", "text/html"),
    "/callback.html": (BROWSER / "app.html", "text/html"),
    "/goodbye.html": (BROWSER / "app.html", "text/html"),
    "/app.js": (BROWSER / "app.js", "text/javascript"),
    "/oidc-client-ts.min.js": (LIBRARY / "oidc-client-ts.min.js", "text/javascript"),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        file, kind = _FILES.get(urlsplit(self.path).path, (None, ""))
        self.send_response(200 if file else 404)
        self.send_header("content-type", kind)
        self.end_headers()
        if file:
            self.wfile.write(file.read_bytes())

    def log_message(self, *_: object) -> None:
        """Tests need no access log."""


@contextmanager
def serving_web_app(port: int) -> Iterator[str]:
    """Yields the app's origin."""
    if not LIBRARY.exists():
        raise FileNotFoundError(
            "oidc-client-ts is not installed; run `make tests/browser/node_modules`"
        )
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
