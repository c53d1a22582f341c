"""One real installation for all journeys."""

from collections.abc import Iterator

import pytest

from tests.support.installation import Installation, fresh_environment


@pytest.fixture(scope="session")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = Installation(fresh_environment(tmp_path_factory.mktemp("installation")))
    started = installation.run("up", "--detach")
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        yield installation
    finally:
        stopped = installation.run("down")
    assert stopped.returncode == 0, stopped.stderr
