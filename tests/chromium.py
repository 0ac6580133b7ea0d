"""The system's Chromium for tests that need a real browser. One runs at a time: Playwright keeps a loop of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.absent import absent

PROGRAM = Path("/usr/bin/chromium")
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
QUIET = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
AS_A_PERSON = (  # headless counts as a machine
    "--disable-blink-features=AutomationControlled",
    f"--user-agent={PERSON}",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run Chromium without a window, as far as sites can tell with a person before it."""
    if not PROGRAM.exists():
        absent("Chromium is missing: apt-get install chromium")
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread; Django's own work is plain
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(PROGRAM), args=[*QUIET, *AS_A_PERSON])
            yield browser
            browser.close()
    finally:
        if before is None:
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
