"""A server for each module and a page for each test. Screenshots are kept where ``PHELPS_SHOTS`` says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_kit import ARGUMENTS, CHROMIUM, Front, Server
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("there is no Chromium: install Debian's package")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture
def front(browser: Browser, server: Server, tmp_path: Path) -> Iterator[Front]:
    front = Front(browser, server, Path(os.environ.get("PHELPS_SHOTS") or tmp_path))
    yield front
    front.close()
