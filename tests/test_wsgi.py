"""The site's process, at its start."""

import subprocess
import sys

from tests.install import Install

LOADED = """
import gc, sys
import embudo.wsgi
print(gc.get_freeze_count(), "embudo.leads.views.people" in sys.modules)
"""


def test_addresses_are_loaded_and_left_out_of_later_collections(install: Install) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], env=install.environ, check=True, capture_output=True, text=True, timeout=60
    )
    frozen, loaded = done.stdout.split()
    assert int(frozen) > 100_000 and loaded == "True"
