"""The process that sends, as a real one: killed at random instants it loses nothing and tells nothing under two ids."""

import random
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embudo.config import Config
from embudo.doors.deliver import Sender
from embudo.doors.hooks import send
from embudo.doors.hooks.gather import delivery_of
from embudo.doors.hooks.news import News, key_of
from embudo.doors.models import Delivery, Endpoint
from tests.doors.conftest import Receiver, user_of
from tests.install import Install, installed

PEOPLE = 60


class Held:
    """Threads whose calls end when they are told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[Delivery, Future[None]]] = []

    def submit(self, _do: Any, delivery: Delivery) -> Future[None]:
        """Begin a call."""
        self.calls.append((delivery, Future()))
        return self.calls[-1][1]

    def end(self, hook: Endpoint) -> None:
        """The calls of a webhook are taken."""
        for delivery, call in self.calls:
            if delivery.endpoint_id == hook.pk and not call.done():
                Delivery.objects.filter(pk=delivery.pk).update(state="delivered")
                call.set_result(None)

    def count(self, hook: Endpoint) -> int:
        """How many calls of a webhook have begun."""
        return sum(delivery.endpoint_id == hook.pk for delivery, _call in self.calls)


def opened(name: str, deliveries: int) -> Endpoint:
    """A webhook for which so much waits."""
    hook = Endpoint.open(name=name, url="http://127.0.0.1:9/", kinds=["stage_changed"], by=user_of("admin"))
    for number in range(deliveries):
        delivery_of(News("stage_changed", key_of(name, number), 0, 0, 7, {}), hook).save()
    return hook


def test_a_slow_webhook_takes_no_more_than_its_share(db: None) -> None:
    pool = Held()
    sender = Sender(pool)  # type: ignore[arg-type]
    slow, quick = opened("slow", 40), opened("quick", 6)
    for _turn in range(8):
        sender.turn()
        pool.end(quick)
    assert (pool.count(slow), pool.count(quick)) == (send.AT_ONCE, 6)


def test_where_all_are_slow_each_has_its_turn(db: None) -> None:
    pool = Held()
    sender = Sender(pool)  # type: ignore[arg-type]
    hooks = [opened(str(number), 40) for number in range(7)]
    sender.turn()
    assert [pool.count(each) for each in hooks] == [2, 2, 2, 2, 0, 0, 0]
    for each in hooks[:3]:
        pool.end(each)
    sender.turn()
    assert [pool.count(each) for each in hooks] == [2, 2, 2, 2, 2, 2, 2]


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
