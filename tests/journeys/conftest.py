"""One real installation for all journeys."""

from collections.abc import Iterator

import pytest

from tests.support.installation import Installation, free_ports, fresh_environment


@pytest.fixture(scope="session")
def web_app_port() -> int:
    """Where a web app of another origin is served, as long as one is."""
    return free_ports()[0]


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory, web_app_port: int) -> Iterator[Installation]:
    web_app = f"http://127.0.0.1:{web_app_port}"
    installation = Installation(
        {
            **fresh_environment(tmp_path_factory.mktemp("installation")),
            "HELPDESK_WEB_REDIRECT_URIS": f"{web_app}/callback.html",
            "HELPDESK_WEB_LOGOUT_REDIRECT_URIS": f"{web_app}/goodbye.html",
            "HELPDESK_CORS_ORIGINS": web_app,
        }
    )
    started = installation.run("up", "--detach")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        yield installation
    finally:
        stopped = installation.run("down")
    assert stopped.returncode == 0, stopped.stderr
