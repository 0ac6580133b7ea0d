"""What Django is told of the install's settings."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOSTS = "import json; from embudo import settings; print(json.dumps(settings.ALLOWED_HOSTS))"

PREPARED = "from embudo import settings; print(repr(settings.DATABASES['default']['OPTIONS']['prepare_threshold']))"


@pytest.mark.parametrize(("more", "threshold"), [("", "5"), ("?prepare_threshold=0", "0")])
def test_how_often_a_statement_runs_before_it_is_prepared_is_a_number(
    tmp_path: Path, more: str, threshold: str
) -> None:
    url = {"EMBUDO_DATABASE_URL": f"postgresql://h/x{more}", "EMBUDO_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", PREPARED], env={**os.environ, **url}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == threshold


@pytest.mark.parametrize(
    ("given", "host"), [("192.0.2.7", "192.0.2.7"), ("::1", "[::1]"), ("web.internal", "web.internal")]
)
def test_the_site_answers_to_the_address_it_listens_on(tmp_path: Path, given: str, host: str) -> None:
    environ = {**os.environ, "EMBUDO_DATA": str(tmp_path), "EMBUDO_WEB_HOST": given, "EMBUDO_SITE_URL": ""}
    said = subprocess.run([sys.executable, "-c", HOSTS], env=environ, capture_output=True, text=True, check=True).stdout
    assert host in json.loads(said)
    assert list(tmp_path.iterdir()) == []
