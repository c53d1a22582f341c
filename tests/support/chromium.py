"""A headless Chromium of this machine, which talks to nobody but the tests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium_program() -> str:
    found = os.environ.get("HELPDESK_TEST_CHROMIUM") or next(
        filter(None, map(shutil.which, _NAMES)), None
    )
    if found is None:
        raise FileNotFoundError(
            "no Chromium: install one (apt-get install chromium), or name one with "
            "HELPDESK_TEST_CHROMIUM"
        )
    return found


@contextmanager
def running_chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_program(), args=list(_ARGUMENTS)
        )
        try:
            yield browser
        finally:
            browser.close()
