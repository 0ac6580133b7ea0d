"""Software subscribes itself: adds, changes, pauses and removes its webhook; the secret is said once."""

from dataclasses import replace
from typing import Any

import pytest

from embudo.accounts.models import AuditEntry
from embudo.doors.models import Endpoint
from embudo.leads import sql
from tests.doors.conftest import Holding

NEW = {"name": "CRM", "url": "https://hooks.example/embudo?token=hush", "kinds": ["opportunity_won", "stage_changed"]}


def test_a_webhook_is_added_changed_paused_and_removed(software: Holding) -> None:
    caller = software("manager", "webhooks:manage")
    made = caller.post("webhooks", NEW)
    assert made.status_code == 201, made.content
    told = made.json()
    assert told["secret"] == Endpoint.objects.get().secret
    assert told["kinds"] == ["stage_changed", "opportunity_won"]
    address = f"webhooks/{told['id']}"
    assert "secret" not in caller.get(address).json() and "secret" not in caller.get("webhooks").json()["data"][0]
    changed = caller.patch(address, {"kinds": ["consent_given"]}).json()
    assert (changed["kinds"], changed["name"], changed["url"]) == (["consent_given"], "CRM", NEW["url"])
    assert caller.patch(address, {"paused": True}).json()["paused_why"] == "by_hand"
    assert caller.patch(address, {"paused": False}).json()["paused"] is False
    assert caller.ask("DELETE", address).status_code == 204
    assert caller.get(address).status_code == 404 and caller.get("webhooks").json()["data"] == []
    verbs = list(AuditEntry.objects.filter(verb__startswith="webhook_").order_by("id").values_list("verb", flat=True))
    assert verbs == [f"webhook_{each}" for each in ("added", "retold", "paused", "resumed", "retired")]
    assert "hush" not in str(list(AuditEntry.objects.values()))


def test_one_that_was_asked_for_twice_is_added_once(software: Holding) -> None:
    caller = software()
    first, again = (caller.post("webhooks", NEW, Idempotency_Key="w") for _time in range(2))
    assert (first.json(), Endpoint.objects.count()) == (again.json(), 1)
    assert "whsec" not in str(sql.rows("SELECT body FROM doors_answer"))


def test_an_answer_that_cannot_be_read_any_more_is_not_made_twice(software: Holding, settings: Any) -> None:
    caller = software()
    caller.post("webhooks", NEW, Idempotency_Key="w")
    settings.SECRET_KEY = "another"
    again = caller.post("webhooks", NEW, Idempotency_Key="w")
    assert (again.status_code, again.json()["code"], Endpoint.objects.count()) == (409, "conflict", 1)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"url": "http://localhost/h"}, "url"), ({"url": "http://a.local/"}, "url"),
        ({"url": "http://10.0.0.1/"}, "url"), ({"url": "http://[::ffff:127.0.0.1]/"}, "url"),
        ({"url": "ftp://x.example/"}, "url"),
        ({"url": "http://2130706433/"}, "url"), ({"url": "http://169.254.169.254/"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"kinds": ["nonsense"]}, "kinds"), ({"kinds": []}, "kinds"), ({"name": ""}, "name"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(software: Holding, settings: Any, change: dict[str, Any], place: str) -> None:
    settings.EMBUDO = replace(settings.EMBUDO, webhook_networks="")
    caller = software()
    answer = caller.post("webhooks", {**NEW, **change})
    assert answer.status_code == 422 and place in answer.json()["errors"][0]["at"], answer.content
    assert not Endpoint.objects.exists()
