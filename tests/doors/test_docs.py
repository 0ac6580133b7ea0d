"""docs/api.md and docs/webhooks.md say what the code does, and their examples run against a real site."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from embudo.config import Config
from embudo.doors.api.problem import KINDS as PROBLEMS
from embudo.doors.hooks import kinds, send
from embudo.doors.scopes import SCOPES
from tests.install import Install, free_ports, installed

DOCS = Path(__file__).parents[2] / "docs"
API, WEBHOOKS = (DOCS / "api.md").read_text(), (DOCS / "webhooks.md").read_text()
KEY = """
from embudo.accounts.models import User
from embudo.doors.models import ApiKey
from embudo.doors.scopes import SCOPES
user = User.objects.create_user("admin@norte.example", "a long password", name="Admin", role="admin")
print("KEY", ApiKey.make(name="docs", scopes=list(SCOPES), maker=user, expires_at=None)[1])
"""


STATE = """curl -fsS -X POST -H "Authorization: Bearer $KEY" "$SITE/api/v1/people" -d '{"email": "a@b.example"}'"""


def blocks(text: str, language: str) -> list[str]:
    """The examples of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def code(text: str) -> set[str]:
    """What stands between backticks."""
    return set(re.findall(r"`([^`\s]+)`", text))


def table(text: str, heading: str) -> str:
    """The table that begins with this heading."""
    return text.partition(heading)[2].partition("\n\n")[0]


@dataclass
class Site:
    """A real site with a key, and where webhooks may go."""

    install: Install
    key: str
    folder: Path

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.install.config.web_port}"

    def runs(self, command: list[str]) -> str:
        """Run an example and return what it printed."""
        environ = {**os.environ, "SITE": self.url, "KEY": self.key}
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def site(config: Config, tmp_path: Path) -> Iterator[Site]:
    """A site that runs."""
    open_here = replace(config, webhook_networks="127.0.0.0/8", api_rate=0)
    with installed(open_here, tmp_path / "logs", ("web", "follow", "deliver")) as install:
        install.wait_for_web()
        told = re.search(r"KEY (\S+)", install.embudo("manage", "shell", "-c", KEY))
        assert told
        yield Site(install, told[1], tmp_path)


def test_scopes_and_errors_are_documented() -> None:
    assert code(table(API, "| scope | may |")) >= set(SCOPES)
    assert code(table(API, "| status | code |")) == set(PROBLEMS)


def test_kinds_waits_and_pauses_are_documented() -> None:
    first_cells = [
        line.split("|")[1] for line in table(WEBHOOKS, "| kind | when |").splitlines() if line.count("|") > 2
    ]
    assert set().union(*map(code, first_cells)) == {*kinds.KINDS, kinds.TEST}
    assert [round(each / 3600) for each in send.WAITS_S[4:]] == [2, 5, 10, 12, 14, 16]
    assert "5 s, 30 s, 5 min, 30 min,\n2 h, 5 h, 10 h, 12 h, 14 h and 16 h" in WEBHOOKS
    assert f"failed for 24 hours and at least {send.PAUSE_FAILURES} times" in WEBHOOKS


@pytest.mark.slow
def test_the_examples_of_the_api_run(site: Site) -> None:
    (shell,) = blocks(API, "sh")
    shell = shell.replace("https://embudo.example.com", site.url).replace("API_KEY", site.key)
    said = site.runs(["bash", "-ec", shell])
    found = json.loads(said[said.index('{"data"') :])
    assert [each["name"] for each in found["data"]] == ["Ana Ruiz"] and found["next_cursor"] is None
    (python,) = blocks(API, "python")
    python = python.replace("https://embudo.example.com", site.url).replace("API_KEY", site.key)
    assert site.runs([sys.executable, "-c", python]).split() == ["200", "0", "0", "200"]


@pytest.mark.slow
def test_the_examples_of_webhooks_run(site: Site) -> None:
    (port,) = free_ports(1)
    (shell,) = blocks(WEBHOOKS, "sh")
    shell = shell.replace("https://hooks.example.com", f"http://127.0.0.1:{port}")
    secret = json.loads(site.runs(["bash", "-ec", shell]))["secret"]
    receiver = [sys.executable, "-c", blocks(WEBHOOKS, "python")[0]]
    environ = {**os.environ, "SECRET": secret, "PORT": str(port)}
    heard = site.folder / "heard.txt"
    with heard.open("w") as lines:
        process = subprocess.Popen(receiver, env=environ, stdout=lines, stderr=subprocess.STDOUT)
        try:
            site.runs(["bash", "-ec", STATE])
            deadline = time.monotonic() + 30
            while not {"person_created", "stage_changed"} <= set(heard.read_text().split()):
                assert time.monotonic() < deadline, heard.read_text() + site.install.printed()
                time.sleep(0.1)
        finally:
            process.terminate()
            process.wait(10)


def test_the_check_without_a_library_agrees_with_the_library() -> None:
    scope: dict[str, Any] = {}
    exec(blocks(WEBHOOKS, "python")[1], scope)
    secret, body, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"a": "ñ"}', datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", at, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
    is_genuine, now = scope["is_genuine"], at.timestamp()
    assert is_genuine(secret, headers, body.encode(), now)
    assert is_genuine(secret, {**headers, "webhook-signature": f"v1,xxxx {signature}"}, body.encode(), now)
    assert not is_genuine(secret, headers, body.encode() + b" ", now)
    assert not is_genuine(secret, {**headers, "webhook-id": "msg_2"}, body.encode(), now)
    assert not is_genuine(secret, headers, body.encode(), now + 600)
