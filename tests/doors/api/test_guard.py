"""Who may ask for what: every operation by every role and scope, keys that are no more, rates, and bad bodies."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from embudo.accounts.permissions import Role, may
from embudo.core.event import HOUR
from embudo.doors.api.build import api
from embudo.doors.api.problem import KINDS
from embudo.doors.models import ApiKey, Endpoint
from embudo.doors.scopes import SCOPES, offered
from tests.cast import ada, bruno
from tests.doors.conftest import Holding, Software, user_of
from tests.leads.conftest import Following

BODIES: dict[str, Any] = {
    "person_state": {"email": "new@norte.example"},
    "people_state": {"rows": [{"email": "new@norte.example"}]},
    "person_change": {"attributes": {"city": "x"}},
    "stage_set": {"stage": "lead"},
    "merge": {"other": "OTHER"},
    "unmerge": {"absorbed": "OTHER"},
    "event_new": {"kind": "note_written", "props": {"note": "x"}},
    "company_state": {"domain": "new.example"},
    "companies_state": {"rows": [{"domain": "new.example"}]},
    "company_change": {"attributes": {"city": "x"}},
    "company_merge": {"other": "COMPANY"},
    "company_unmerge": {"absorbed": "COMPANY"},
    "opportunity_open": {"name": "x"},
    "opportunity_move": {"stage": "x"},
    "opportunity_end": {"outcome": "won"},
    "webhook_add": {"name": "x", "url": "https://hooks.example/", "kinds": ["stage_changed"]},
    "webhook_change": {"name": "y"},
}
GIVEN_IN_THE_STATE_IT_FINDS = {404, 409}  # past the guard: there is no such opportunity, they are not joined


def operations() -> Iterator[tuple[str, str, str, str]]:
    """Every operation of the document: its name, method, path and scope."""
    for path, methods in api().get_openapi_schema(path_prefix="")["paths"].items():
        for method, told in methods.items():
            yield told["operationId"], method.upper(), path.lstrip("/"), told.get("x-scope", "")


OPERATIONS = list(operations())


@pytest.fixture
def two(site: Following) -> dict[str, str]:
    """Ada and Bruno, a webhook, and what stands for them in the addresses."""
    at = time.time_ns() // 1000 - HOUR
    site.hears(*(who.journey(at).says(**who.traits) for who in (ada, bruno)))
    hook = Endpoint.open(name="h", url="https://hooks.example/", kinds=["stage_changed"], by=user_of("admin"))
    return {
        "{person}": str(site.person(ada).id), "OTHER": str(site.person(bruno).id), "{webhook}": str(hook.pk),
        "{company}": str(site.person(ada).company_id), "{opportunity}": "none",
        "COMPANY": str(site.person(bruno).company_id),
    }  # fmt: skip


def asked(caller: Software, operation: tuple[str, str, str, str], names: dict[str, str]) -> Any:
    name, method, path, _scope = operation
    body = json.dumps(BODIES[name]) if name in BODIES else ""
    for stands, for_this in names.items():
        path, body = path.replace(stands, for_this), body.replace(stands, for_this)
    return caller.ask(method, path, body.encode() or None)


def test_every_operation_asks_for_a_scope_but_the_one_that_tells_of_the_key() -> None:
    assert {name for name, _method, _path, scope in OPERATIONS if not scope} == {"me"}
    assert {scope for *_rest, scope in OPERATIONS if scope} == set(SCOPES)
    assert set(BODIES) == {name for name, method, *_rest in OPERATIONS if method in ("POST", "PATCH")}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_passes_exactly_where_the_table_lets_it(two: dict[str, str], software: Holding, role: str) -> None:
    """The key holds every scope there is: what its maker may not do, it may not do either."""
    caller = software(role)
    ApiKey.objects.filter(pk=caller.key.pk).update(scopes=list(SCOPES))
    for operation in OPERATIONS:
        scope = operation[3]
        allowed = not scope or may(role, SCOPES[scope].permission)
        answer = asked(caller, operation, two)
        told = f"{role} {operation}: {answer.status_code} {answer.content[:300]!r}"
        if allowed:
            assert answer.status_code < 300 or answer.status_code in GIVEN_IN_THE_STATE_IT_FINDS, told
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), told


@pytest.mark.parametrize("scope", list(SCOPES))
def test_a_key_passes_exactly_where_its_scope_lets_it(two: dict[str, str], software: Holding, scope: str) -> None:
    caller = software("admin", scope)
    for operation in OPERATIONS:
        answer = asked(caller, operation, two)
        if operation[3] in ("", scope):
            assert answer.status_code != 403, f"{operation}: {answer.content[:300]!r}"
        else:
            assert (answer.status_code, answer.json()["scope"]) == (403, operation[3])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each[0])
def test_nobody_passes_without_a_key_that_is_in_force(
    two: dict[str, str], software: Holding, operation: tuple[str, str, str, str]
) -> None:
    good = software()
    revoked, past = (software("manager", "people:read", name=name) for name in ("revoked", "past"))
    revoked.key.revoke(by=user_of("admin"))
    ApiKey.objects.filter(pk=past.key.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    leaver = user_of("sales")
    _key, gone_text = ApiKey.make(name="x", scopes=list(SCOPES), maker=leaver, expires_at=None)
    leaver.deactivate(by=user_of("admin"))
    texts = [
        "",
        "x",
        "ek_",
        good.text[:-1],
        good.text.upper(),
        f"{good.text} x",
        "é" * 20,
        revoked.text,
        past.text,
        gone_text,
    ]
    for text in texts:
        answer = asked(Software(text, good.key), operation, two)
        assert (answer.status_code, answer.json()["code"]) == (401, "no_key"), text
        assert answer["WWW-Authenticate"].startswith("Bearer")
    session = Client(raise_request_exception=False)
    session.force_login(user_of("admin"))  # a browser's cookie opens no door: there is no CSRF token to check
    _name, method, path, _scope = operation
    assert session.generic(method, f"/api/v1/{path}").status_code == 401


def test_a_revoked_key_can_be_restored_and_a_key_forgets_nothing(software: Holding) -> None:
    caller = software()
    assert caller.get("me").json()["scopes"] == [each.name for each in offered("admin")]
    assert ApiKey.objects.get(pk=caller.key.pk).last_used_at is not None
    caller.key.revoke(by=user_of("admin"))
    assert caller.get("me").status_code == 401
    caller.key.restore(by=user_of("admin"))
    assert caller.get("me").status_code == 200


def test_a_key_is_kept_as_a_hash_only(software: Holding) -> None:
    caller = software()
    kept = json.dumps(list(ApiKey.objects.values()), default=str)
    assert caller.text not in kept and caller.text[3:] not in kept
    assert len(caller.text) == 51


def test_whoever_loses_a_role_takes_it_from_their_keys(two: dict[str, str], software: Holding) -> None:
    caller = software("manager", "webhooks:manage")
    assert caller.get("webhooks").status_code == 200
    maker = caller.key.maker
    maker.role = "sales"
    maker.save()
    answer = caller.get("webhooks")
    assert (answer.status_code, "role" in answer.json()["detail"]) == (403, True)
    assert caller.get("me").json()["scopes"] == []


def test_who_asks_too_often_is_told_how_long_to_wait(software: Holding, settings: Any) -> None:
    settings.EMBUDO = replace(settings.EMBUDO, api_rate=3)
    caller, other = software(), software(name="other")
    answers = [caller.get("me") for _time in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and answers[0].status_code == 200
    assert int(refused[0]["Retry-After"]) >= 1 and refused[0].json()["code"] == "too_many"
    assert other.get("me").status_code == 200


BAD = [
    b"", b"{", b"[]", b"null", b'"x"', b"{'a': 1}", b'{"email": NaN}', b'{"email": "\\u0000@x.example"}', b"\xff\xfe",
    b'{"email": "\\ud800"}', b"[" * 100_000, b'{"a":' * 50_000, b'{"email": 1e999}',
    b'{"attributes": {"budget": ' + b"9" * 400 + b"}}",
    b'{"email": "a@b.example"} trailing', b'{"attributes": {"budget": 18446744073709551616}, "email": "a@b.example"}',
    b"\x1f\x8b\x08\x00", b'{"email": "' + b"a" * 500 + b'@b.example"}',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD, ids=lambda body: body[:20])
def test_a_body_that_is_none_is_refused_in_words(software: Holding, body: bytes) -> None:
    caller = software()
    for path in ("people", "people/bulk"):
        answer = caller.post(path, body)
        assert answer.status_code in (400, 422), answer.content[:300]
        assert answer["Content-Type"] == "application/problem+json"
        told = answer.json()
        assert told["detail"] and told["mend"] and told["code"] in KINDS


def test_a_huge_body_is_refused_unread(software: Holding) -> None:
    answer = software().post("people/bulk", b'{"rows": [' + b" " * 3_000_000 + b"]}")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_other_addresses_and_methods_are_problems_too(software: Holding) -> None:
    caller = software()
    assert caller.get("nonsense").json()["code"] == "not_found"
    wrong = caller.ask("PUT", "people", {})
    assert (wrong.status_code, wrong.json()["code"], "GET" in wrong["Allow"]) == (405, "no_such_method", True)


def test_reading_changes_nothing(two: dict[str, str], site: Following, software: Holding) -> None:
    caller = software()
    end = site.log.end()
    for operation in OPERATIONS:
        if operation[1] == "GET":
            asked(caller, operation, two)
    assert site.log.end() == end
    for path in ("people/{person}/stage", "people/{person}/merge", "people/bulk"):
        assert caller.get(path.replace("{person}", two["{person}"])).status_code == 405


def test_no_secret_stands_in_a_log_line(
    two: dict[str, str], software: Holding, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django").propagate = True
    caller = software()
    made = caller.post("webhooks", {**BODIES["webhook_add"], "url": "https://hooks.example/?token=hush"})
    secret = made.json()["secret"]
    monkeypatch.setattr("embudo.doors.api.companies.catalogue", lambda: 1 / 0)
    assert caller.get("attributes").status_code == 500
    caller.post("people", {"email": "no"})
    Software(caller.text[:-1], caller.key).get("me")
    logging.getLogger("django").propagate = False
    assert caplog.text
    for hidden in (caller.text, caller.text[:-1], secret, "hush"):
        assert hidden not in caplog.text


def test_the_document_is_for_keys_and_for_who_is_signed_in(software: Holding) -> None:
    caller = software("sales", "people:read")
    assert caller.get("openapi.json").json()["openapi"].startswith("3.")
    stranger = Client()
    assert stranger.get("/api/v1/openapi.json").status_code == 401
    stranger.force_login(user_of("sales"))
    assert stranger.get("/api/v1/openapi.json").status_code == 200


def test_two_that_saw_the_same_are_not_both_let_through(
    two: dict[str, str], site: Following, software: Holding
) -> None:
    """Both hold the same ETag; one changes the person, the other is told so."""
    from django.db import connections

    caller = software()
    address = f"people/{two['{person}']}"
    etag = caller.get(address)["ETag"]
    answers: list[int] = []
    lock = threading.Lock()

    def change(city: str) -> None:
        with lock:  # the test's one follower cannot follow twice at once; hold() itself is tested below
            answers.append(caller.patch(address, {"attributes": {"city": city}}, If_Match=etag).status_code)
        connections.close_all()

    threads = [threading.Thread(target=change, args=(city,)) for city in ("Apodaca", "Linares")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(answers) == [200, 412]
