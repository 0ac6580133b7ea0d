"""What Django is told of the install's settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOSTS = "import json; from embudo import settings; print(json.dumps(settings.ALLOWED_HOSTS))"


@pytest.mark.parametrize(
    ("given", "host"), [("192.0.2.7", "192.0.2.7"), ("::1", "[::1]"), ("web.internal", "web.internal")]
)
def test_the_site_answers_to_the_address_it_listens_on(tmp_path: Path, given: str, host: str) -> None:
    environ = {**os.environ, "EMBUDO_DATA": str(tmp_path), "EMBUDO_WEB_HOST": given, "EMBUDO_SITE_URL": ""}
    said = subprocess.run([sys.executable, "-c", HOSTS], env=environ, capture_output=True, text=True, check=True).stdout
    assert host in json.loads(said)
    assert list(tmp_path.iterdir()) == []
