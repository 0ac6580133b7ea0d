"""The pages of keys and webhooks: what each role sees, what is shown once, and what can be undone."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from embudo.accounts.audit import sentence
from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import Role, may
from embudo.doors.api.build import api
from embudo.doors.api.problem import KINDS
from embudo.doors.hooks import send
from embudo.doors.models import UNDO, ApiKey, Attempt, Delivery, Endpoint
from tests.accounts.conftest import just_confirmed
from tests.attacks.filling import sheets
from tests.doors.conftest import Receiver, user_of
from tests.leads.conftest import Following


def browser(role: str = "admin") -> Client:
    """Somebody of a role, signed in."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user_of(role))
    just_confirmed(client, user_of(role))
    return client


def text(answer: Any) -> str:
    """A page as text."""
    return str(answer.content.decode())


@pytest.fixture
def hook(site: Following, receiver: Receiver) -> Endpoint:
    """A webhook."""
    return Endpoint.open(name="CRM", url=receiver.url, kinds=["stage_changed"], by=user_of("admin"))


PAGES = {
    "/api-keys/": "api_keys.make", "/api/": "", "/webhooks/": "webhooks.edit", "/webhooks/new/": "webhooks.edit",
    "/webhooks/HOOK/": "webhooks.edit", "/webhooks/HOOK/settings/": "webhooks.edit",
    "/webhooks/HOOK/deliveries/ROW/": "webhooks.edit",
}  # fmt: skip
ACTS = (
    "/webhooks/HOOK/test/", "/webhooks/HOOK/replays/", "/webhooks/HOOK/pause/", "/webhooks/HOOK/resumption/",
    "/webhooks/HOOK/secret/", "/webhooks/HOOK/deliveries/ROW/replay/", "/webhooks/HOOK/retirement/",
    "/webhooks/HOOK/restoration/",
)  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_and_does_what_the_table_lets_it(hook: Endpoint, role: str) -> None:
    client = browser(role)
    browser().post(f"/webhooks/{hook.pk}/test/")
    row = Delivery.objects.get()

    def filled(path: str) -> str:
        return path.replace("HOOK", str(hook.pk)).replace("ROW", str(row.pk))

    for path, permission in PAGES.items():
        allowed = not permission or may(role, permission)
        assert client.get(filled(path)).status_code == (200 if allowed else 403), path
    for path in ACTS:
        assert client.get(filled(path)).status_code in (405, 403), path  # no change by GET
        answer = client.post(filled(path))
        assert answer.status_code == (302 if may(role, "webhooks.edit") else 403), path


def test_a_key_is_made_shown_once_and_revoked_with_an_undo(site: Following) -> None:
    client = browser("sales")
    form = {"name": "Sheet", "scopes": ["people:read"], "lasts": "30"}
    answer = client.post("/api-keys/", form, follow=True)
    secret = re.search(r"ek_[0-9a-f]{48}", text(answer))
    assert secret
    assert secret[0] not in text(client.get("/api-keys/"))
    assert "no-store" in answer["Cache-Control"]
    asked = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret[0]}"})
    assert asked.json()["scopes"] == ["people:read"]
    key = ApiKey.objects.get()
    assert 29 <= (key.expires_at - timezone.now()).days <= 30  # type: ignore[operator]
    gone = client.post(f"/api-keys/{key.pk}/revocation/", follow=True)
    assert f"/api-keys/{key.pk}/restoration/" in text(gone)
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret[0]}"}).status_code == 401
    client.post(f"/api-keys/{key.pk}/restoration/")
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret[0]}"}).status_code == 200
    verbs = list(AuditEntry.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["api_key_made", "api_key_revoked", "api_key_restored"]
    assert secret[0] not in str(list(AuditEntry.objects.values()))
    assert "made the API key “Sheet”" in text(browser().get("/changes/"))


def test_only_who_revoked_a_key_takes_that_back_and_only_for_some_minutes(site: Following) -> None:
    key, _text = ApiKey.make(name="Sheet", scopes=["people:read"], maker=user_of("sales"), expires_at=None)
    place = f"/api-keys/{key.pk}/restoration/"
    browser("admin").post(f"/api-keys/{key.pk}/revocation/")
    assert ApiKey.objects.get().revoked_by == user_of("admin")
    assert place not in text(browser("sales").get("/api-keys/"))
    assert "Only whoever revoked a key" in text(browser("sales").post(place, follow=True))
    assert ApiKey.objects.get().revoked_at is not None
    assert place in text(browser("admin").get("/api-keys/"))
    ApiKey.objects.update(revoked_at=timezone.now() - UNDO)
    assert "Only whoever revoked a key" in text(browser("admin").post(place, follow=True))
    assert ApiKey.objects.get().revoked_at is not None


def test_a_key_does_not_come_back_beside_another_of_its_name(site: Following) -> None:
    key, _text = ApiKey.make(name="Sheet", scopes=["people:read"], maker=user_of("sales"), expires_at=None)
    key.revoke(by=user_of("sales"))
    ApiKey.make(name="Sheet", scopes=["people:read"], maker=user_of("sales"), expires_at=None)
    page = text(browser("sales").post(f"/api-keys/{key.pk}/restoration/", follow=True))
    assert "A key of this name is in force already" in page
    assert ApiKey.objects.filter(revoked_at=None).count() == 1


def test_a_key_and_a_webhook_are_made_by_who_has_just_shown_who_they_are(site: Following) -> None:
    """A session somebody left open must not become a way in that outlives it."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(user_of("admin"))
    assert client.get("/api-keys/").status_code == 200
    for path, form in {
        "/api-keys/": {"name": "x", "scopes": ["people:read"], "lasts": "0"},
        "/webhooks/new/": {"name": "x", "url": "https://crm.example/", "kinds": ["stage_changed"]},
    }.items():
        answer = client.post(path, form)
        assert answer.status_code == 302 and "confirm" in answer["Location"], path
    assert not ApiKey.objects.exists() and not Endpoint.objects.exists()


def test_ones_own_keys_in_force_stand_where_one_sees_to_ones_account(site: Following) -> None:
    key, _text = ApiKey.make(name="Sheet", scopes=["people:read"], maker=user_of("sales"), expires_at=None)
    ended = timezone.now() - timedelta(days=1)
    ApiKey.make(name="Of yesterday", scopes=["people:read"], maker=user_of("sales"), expires_at=ended)
    ApiKey.make(name="Of others", scopes=["people:read"], maker=user_of("admin"), expires_at=None)
    client = browser("sales")
    page = text(client.get("/me/security/"))
    assert "Sheet" in page and "Of yesterday" not in page and "Of others" not in page
    answer = client.post(f"/api-keys/{key.pk}/revocation/", {"from": "security"})
    assert answer["Location"] == "/me/security/"
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "API keys in force" not in text(client.get("/me/security/"))


def test_who_changes_their_password_is_told_that_their_keys_still_work(site: Following) -> None:
    form = {"current": "a long password", "password": "another long password", "again": "another long password"}
    assert browser("manager").post("/me/password/", form)["Location"] == "/me/"
    ApiKey.make(name="Sheet", scopes=["people:read"], maker=user_of("sales"), expires_at=None)
    answer = browser("sales").post("/me/password/", form, follow=True)
    assert answer.redirect_chain[-1][0] == "/me/security/"
    assert "Your API keys still work" in text(answer) and "Sheet" in text(answer)


def test_a_role_limits_what_its_key_may(site: Following) -> None:
    page = text(browser("marketing").get("/api-keys/"))
    assert "opportunities:write" not in page and "webhooks:manage" not in page
    refused = browser("marketing").post("/api-keys/", {"name": "x", "scopes": ["opportunities:write"], "lasts": "0"})
    assert refused.status_code == 422 and not ApiKey.objects.exists()
    assert (
        browser("sales").post("/api-keys/", {"name": "x", "scopes": ["opportunities:write"], "lasts": "0"}).status_code
        == 302
    )


@pytest.mark.parametrize("form", [{}, {"name": "x"}, {"name": "", "scopes": ["people:read"]}, {"name": "x" * 81}])
def test_a_form_that_lacks_something_keeps_what_was_typed(site: Following, form: dict[str, str]) -> None:
    answer = browser().post("/api-keys/", form)
    assert answer.status_code == 422
    assert "field-error" in text(answer) and (form.get("name") or "")[:80] in text(answer)


def test_keys_of_others_are_for_administrators(site: Following) -> None:
    key, _text = ApiKey.make(name="Of sales", scopes=["people:read"], maker=user_of("sales"), expires_at=None)
    for role in ("marketing", "manager"):
        client = browser(role)
        assert "Of sales" not in text(client.get("/api-keys/"))
        assert client.post(f"/api-keys/{key.pk}/revocation/").status_code == 404
    assert ApiKey.objects.get().revoked_at is None
    admin = browser()
    assert "Of sales" in text(admin.get("/api-keys/"))
    assert admin.post(f"/api-keys/{key.pk}/revocation/").status_code == 302
    assert ApiKey.objects.get().revoked_at is not None


def test_a_webhook_is_added_tested_and_seen_to_arrive(site: Following, receiver: Receiver) -> None:
    client = browser("manager")
    form = {"name": "CRM", "url": receiver.url, "kinds": ["stage_changed", "opportunity_won"]}
    page = text(client.post("/webhooks/new/", form, follow=True))
    hook = Endpoint.objects.get()
    assert hook.secret in page
    assert hook.secret not in text(client.get(f"/webhooks/{hook.pk}/"))
    client.post(f"/webhooks/{hook.pk}/test/")
    (row,) = send.due(timezone.now())
    send.send(row)
    assert receiver.told[0]["type"] == "webhook_test"
    page = text(client.get(f"/webhooks/{hook.pk}/"))
    assert "delivered" in page and "A test" in page
    detail = text(client.get(f"/webhooks/{hook.pk}/deliveries/{row.pk}/"))
    assert "thanks" in detail and "webhook_test" in detail and "Answered 200" in detail


def test_the_rows_alone_are_for_an_open_page(hook: Endpoint) -> None:
    client = browser()
    page = text(client.get(f"/webhooks/{hook.pk}/"))
    seen = re.search(r"log/\?seen=([0-9a-f]+)", page)
    assert seen
    live = {"HX-Request": "true"}
    assert client.get(f"/webhooks/{hook.pk}/log/?seen={seen[1]}", headers=live).status_code == 204
    client.post(f"/webhooks/{hook.pk}/test/")
    assert 'id="_log"' in text(client.get(f"/webhooks/{hook.pk}/log/?seen={seen[1]}", headers=live))
    assert client.get(f"/webhooks/{hook.pk}/log/").status_code == 302


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://10.0.0.1/", "private"), ("ftp://x.example/", "only http"), ("http://2130706433/", "odd spelling"),
        ("http://localhost.invalid/", "Nobody knows"), ("http://169.254.169.254/", "private"), ("x", "only http"),
        ("http://user:secret@hooks.example/", "user name"), ("http://[::ffff:10.0.0.1]/", "private"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_refused_in_words(site: Following, url: str, words: str) -> None:
    answer = browser().post("/webhooks/new/", {"name": "x", "url": url, "kinds": ["stage_changed"]})
    assert answer.status_code == 422 and words in text(answer), text(answer)
    assert not Endpoint.objects.exists()


def test_a_webhook_is_changed_paused_removed_and_brought_back(hook: Endpoint, receiver: Receiver) -> None:
    client = browser()
    form = {"name": "New name", "url": receiver.url + "/b", "kinds": ["consent_given"]}
    assert client.post(f"/webhooks/{hook.pk}/settings/", form).status_code == 302
    hook.refresh_from_db()
    assert (hook.name, hook.kinds) == ("New name", ["consent_given"])
    paused = text(client.post(f"/webhooks/{hook.pk}/pause/", follow=True))
    assert "is paused" in paused and f"/webhooks/{hook.pk}/resumption/" in paused
    client.post(f"/webhooks/{hook.pk}/resumption/")
    old = hook.secret
    assert old not in text(client.post(f"/webhooks/{hook.pk}/secret/", {"sure": "1"}, follow=True))
    removed = text(client.post(f"/webhooks/{hook.pk}/retirement/", follow=True))
    assert f"/webhooks/{hook.pk}/restoration/" in removed
    assert client.get(f"/webhooks/{hook.pk}/").status_code == 404
    client.post(f"/webhooks/{hook.pk}/restoration/")
    assert client.get(f"/webhooks/{hook.pk}/").status_code == 200
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {
        f"webhook_{each}" for each in "added renamed paused resumed secret_changed retired restored".split()
    } <= verbs
    trail = [sentence(each) for each in AuditEntry.objects.all()]
    assert f"changed the address of the webhook “New name” from {receiver.url} to {receiver.url}/b" in trail
    assert "changed what the webhook “New name” is told of: consent_given (before: stage_changed)" in trail


def test_a_new_secret_is_asked_for_once_and_says_that_the_old_one_stops(hook: Endpoint) -> None:
    client, old, path = browser(), hook.secret, f"/webhooks/{hook.pk}/secret/"
    page = text(client.get(f"/webhooks/{hook.pk}/settings/"))
    assert "The old secret stops: for 24 hours both sign, then only the new one." in page
    unasked = client.post(path)
    hook.refresh_from_db()
    assert (unasked["Location"], hook.secret) == (f"/webhooks/{hook.pk}/settings/", old)
    sheet = next(each for each in sheets(page, f"/webhooks/{hook.pk}/settings/") if each.action == path)
    shown = text(client.get(sheet.send(client)["Location"]))
    hook.refresh_from_db()
    assert hook.secret != old and hook.secret in shown
    at = timezone.now()
    assert hook.secrets(at) == [hook.secret, old]
    assert hook.secrets(at + timedelta(hours=25)) == [hook.secret]


def test_no_secret_of_an_address_stands_in_the_trail(hook: Endpoint) -> None:
    for url in ("https://hooks.example/?token=one", "https://hooks.example/?token=two"):
        hook.url = url
        hook.keep(by=user_of("admin"))
    last = AuditEntry.objects.filter(verb="webhook_moved").order_by("pk").last()
    assert last is not None and last.detail["old"] == last.detail["new"] == "https://hooks.example/?…"


def test_deliveries_are_sent_again_one_or_a_span(hook: Endpoint) -> None:
    client = browser()
    for _time in range(3):
        client.post(f"/webhooks/{hook.pk}/test/")
    one, two, three = hook.deliveries.order_by("id")
    hook.deliveries.update(state="delivered")
    Delivery.objects.filter(pk=two.pk).update(state="failed")
    client.post(f"/webhooks/{hook.pk}/deliveries/{one.pk}/replay/")
    assert states(hook) == ["waiting", "failed", "delivered"]
    client.post(f"/webhooks/{hook.pk}/replays/", {"which": "failed"})
    assert states(hook) == ["waiting", "waiting", "delivered"]
    bad = client.post(f"/webhooks/{hook.pk}/replays/", {"from": "x", "to": ""}, follow=True)
    assert "Give both instants" in text(bad)
    client.post(f"/webhooks/{hook.pk}/replays/", {"from": "2020-01-01T00:00", "to": "2999-01-01T00:00"})
    assert states(hook) == ["waiting"] * 3
    nothing = client.post(f"/webhooks/{hook.pk}/replays/", {"which": "failed"}, follow=True)
    assert "nothing to send again" in text(nothing)
    assert three.pk


def states(hook: Endpoint) -> list[str]:
    """The states of its deliveries in their order."""
    return list(hook.deliveries.order_by("id").values_list("state", flat=True))


def test_a_delivery_is_of_its_webhook_only(hook: Endpoint, receiver: Receiver) -> None:
    other = Endpoint.open(name="Other", url=receiver.url, kinds=["stage_changed"], by=user_of("admin"))
    client = browser()
    client.post(f"/webhooks/{hook.pk}/test/")
    row = hook.deliveries.get()
    assert client.get(f"/webhooks/{other.pk}/deliveries/{row.pk}/").status_code == 404
    assert client.post(f"/webhooks/{other.pk}/deliveries/{row.pk}/replay/").status_code == 404


def test_what_the_other_side_answers_stays_text(hook: Endpoint) -> None:
    client = browser()
    Endpoint.objects.update(name="<script>alert(1)</script>")
    client.post(f"/webhooks/{hook.pk}/test/")
    row = hook.deliveries.get()
    Attempt.objects.create(delivery=row, status=500, answer="<script>alert(2)</script>", trouble="<b>", sent="<i>")
    for path in (f"/webhooks/{hook.pk}/", f"/webhooks/{hook.pk}/deliveries/{row.pk}/", "/webhooks/"):
        assert not re.search(r"<script>alert|<b>|<i>", text(client.get(path))), path


def test_state_changes_need_the_forms_token(hook: Endpoint) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_of("admin"))
    for path in (f"/webhooks/{hook.pk}/pause/", "/api-keys/", "/webhooks/new/"):
        assert client.post(path, {"name": "x"}).status_code == 403


def test_the_reference_shows_every_operation_and_error(site: Following) -> None:
    page = text(browser("sales").get("/api/"))
    for methods in api().get_openapi_schema(path_prefix="/api/v1")["paths"].values():
        for told in methods.values():
            assert f'id="{told["operationId"]}"' in page
    for code in KINDS:
        assert f'id="{code}"' in page
