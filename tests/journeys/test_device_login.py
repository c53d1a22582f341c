"""`helpdesk login` in a terminal, approved in a browser."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from services.mesh.settings import REPOSITORY
from tests.support.chromium import running_chromium
from tests.support.installation import HELPDESK, Installation

EMAIL = "ray.kowalski@acme.example"


@pytest.fixture
def page() -> Iterator[Page]:
    with running_chromium() as browser:
        yield browser.new_page()


@pytest.fixture
def environment(mesh: Installation, tmp_path: Path) -> dict[str, str]:
    """That of somebody who has nothing but the command and the address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HELPDESK_")}
    return {**kept, "HELPDESK_DATA": str(tmp_path), "HELPDESK_ADDRESS": mesh.url}


def identity(mesh: Installation, token: str) -> int:
    headers = {"authorization": f"Bearer {token}"}
    return httpx2.get(f"{mesh.url}/v1/identity", headers=headers, timeout=20).status_code


def test_the_command_logs_in_by_the_browser_and_out_again(
    mesh: Installation, page: Page, environment: dict[str, str]
) -> None:
    def helpdesk(word: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [HELPDESK, word],
            env=environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )

    with subprocess.Popen(
        [HELPDESK, "login"], env=environment, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
    ) as login:
        assert login.stderr is not None
        lines = iter(login.stderr.readline, "")
        address = next(
            found[1] for line in lines if (found := re.search(r"(http\S+user_code=\S+)", line))
        )
        page.goto(address)
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("Organisation").fill("acme")
        page.get_by_label("E-mail address").fill(EMAIL)
        page.get_by_label("Password").fill(mesh.password("acme", EMAIL))
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("Did you start this yourself?")).to_be_visible()
        page.get_by_role("button", name="Allow").click()
        expect(page.get_by_role("heading")).to_have_text("You are connected")
        said = login.stderr.read()
        assert login.wait(timeout=60) == 0, said
    assert f"logged in to acme as {EMAIL}" in said

    token = helpdesk("token").stdout.strip()
    assert identity(mesh, token) == 200
    helpdesk("logout")
    assert identity(mesh, token) == 401
