"""The process that sends, as a real one: killed at random instants it loses nothing and tells nothing under two ids."""

import random
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from embudo.config import Config
from tests.doors.conftest import Receiver
from tests.install import Install, installed

PEOPLE = 60
OPEN = """
from embudo.accounts.models import User
from embudo.doors.models import Endpoint
user = User.objects.create_user("admin@norte.example", "a long password", name="Admin", role="admin")
Endpoint.open(name="CRM", url="{url}", kinds=["person_created", "stage_changed"], by=user)
"""
COUNT = """
from collections import Counter
from embudo.doors.models import Delivery
print("ROWS", dict(Counter(Delivery.objects.values_list("state", flat=True))),
      Delivery.objects.values("endpoint", "key").distinct().count())
"""


def wait_for(receiver: Receiver, number: int, install: Install) -> None:
    """Wait until so many different messages were taken."""
    deadline = time.monotonic() + 90
    while len({headers["webhook-id"] for headers, _body in receiver.got}) < number:
        assert time.monotonic() < deadline, f"{len(receiver.got)} of {number}\n{install.printed()}"
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.crash
def test_killed_again_and_again_it_loses_nothing(
    config: Config, tmp_path: Path, receiver: Receiver, trials: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)
    open_here = replace(config, webhook_networks="127.0.0.0/8")
    with installed(open_here, tmp_path / "logs", ("collector", "follow", "deliver")) as install:
        install.wait_for_collector()
        install.embudo("manage", "shell", "-c", OPEN.format(url=receiver.url))
        for number in range(PEOPLE):
            mail = f"person{number}@norte.example"
            message = {
                "type": "identify",
                "userId": f"u{number}",
                "messageId": f"m{number:04}",
                "traits": {"email": mail},
            }
            assert install.send(message, path="/v1/identify") == 200
            if number % max(1, PEOPLE // min(trials, 6)) == 0:
                time.sleep(chance.random() / 2)
                install.kill("deliver")
                install.start("deliver")
        install.wait_until_followed()
        # What was claimed when its process was killed waits for the end of the claim.
        wait_for(receiver, 2 * PEOPLE, install)
        told = Counter(f"{body['type']} {body['data']['person']['id']}" for body in receiver.told)
        assert len(told) == 2 * PEOPLE
        ids = {(headers["webhook-id"], body) for headers, body in receiver.got}
        assert len(ids) == 2 * PEOPLE  # whoever was told twice was told so under the same id
        deadline = time.monotonic() + 90
        while f"ROWS {{'delivered': {2 * PEOPLE}}} {2 * PEOPLE}" not in (
            said := install.embudo("manage", "shell", "-c", COUNT)
        ):
            assert time.monotonic() < deadline, said
            time.sleep(0.5)
