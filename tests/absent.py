"""What a test needs and set-up installs: where it is missing, CI fails and people are told what to install."""

import os
from typing import NoReturn

import pytest


def absent(words: str) -> NoReturn:
    """End the test because something is missing: a failure in CI, a skip that says what to do elsewhere."""
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)
