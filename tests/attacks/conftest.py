"""A house full of hostile text: an install in which every kind of record is there, for attackers to walk through."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from embudo.accounts import attempts
from embudo.accounts.models import Invitation, User
from embudo.capture.models import Site
from embudo.core.event import DAY
from embudo.doors.hooks.gather import delivery_of
from embudo.doors.hooks.kinds import TEST
from embudo.doors.hooks.news import News
from embudo.doors.models import ApiKey, Attempt, Endpoint
from embudo.doors.scopes import SCOPES
from embudo.duplicates.models import Pair
from embudo.eventlog import Failure
from embudo.forms import guarding, ticket
from embudo.forms.content import Content, Field, Kind, Option, Widget
from embudo.forms.models import Form
from embudo.imports.models import Mapping, Upload
from embudo.leads.models import ImportRow, ImportRun, PersonFile, SavedView
from embudo.privacy.link import token_of
from embudo.privacy.models import Purpose
from embudo.work.models import Job
from tests.accounts.conftest import just_confirmed
from tests.cast import ada, bruno, mallory
from tests.doors.conftest import following, log, site, user_of  # noqa: F401 - fixtures
from tests.leads.conftest import Following

PASSWORD = "a long password"


@dataclass
class House:
    """An install with something of everything, and what stands in its addresses."""

    site: Following
    values: dict[str, Any]

    def browser(self, role: str = "", **options: Any) -> Client:
        """Open a browser, signed in as somebody of a role who has just given their password, or as a stranger."""
        client = Client(headers={"accept-language": "en"}, raise_request_exception=False, **options)
        if role:
            user = user_of(role)
            User.objects.filter(pk=user.pk).update(is_active=True, role=role)
            client.force_login(User.objects.get(pk=user.pk))
            just_confirmed(client, user)
        return client


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees what another has tried, and nobody has to wait."""
    cache.clear()
    monkeypatch.setattr(attempts, "_by_address", attempts.Recent(attempts.WINDOW.total_seconds()))
    for name in ("_sent", "_told", "_asked"):
        monkeypatch.setattr(guarding, name, attempts.Recent(guarding.WINDOW_S))


@pytest.fixture
def house(site: Following, settings: Any) -> Iterator[House]:  # noqa: F811
    """Everything is there once, on facts that strangers sent."""
    settings.EMBUDO = replace(settings.EMBUDO, site_url="http://testserver")
    yield House(site, _people(site) | _records(site) | _doors() | _imports())


def _people(site: Following) -> dict[str, Any]:  # noqa: F811
    at = time.time_ns() // 1000 - DAY
    twin = replace(ada, mail="ada.personal@mailbox.example", browser="ada-phone")
    evil = mallory.journey(at).visits("/<script>hit()</script>").says(**mallory.traits).submits("contact")
    site.hears(evil, *(who.journey(at).says(**who.traits).submits("contact") for who in (ada, bruno, twin)))
    site.log.commit(failures=[Failure("www", "bad_time", b'{"type": "track"}', at, "public key: no time")])
    one, other = site.person(ada), site.person(twin)
    pair = Pair.objects.create(
        left_id=one.id, right_id=other.id, probability=0.9, odds=1.0, signs=[["last_name", "same", 2.0]]
    )
    return {
        "person": site.person(mallory).id, "other": one.id, "pair": pair.pk, "leads:company company": one.company_id,
        "company": one.company_id, "privacy token": token_of(one.id),
    }  # fmt: skip


def _records(site: Following) -> dict[str, Any]:  # noqa: F811
    admin, colleague = user_of("admin"), User.objects.create_user("colleague@norte.example", PASSWORD, name="Colleague")
    norte = Site(name="Norte", domains=["norte.example"], mode="implied")
    norte.open(by=admin)
    if not Purpose.objects.filter(code="newsletter").exists():  # the tables of another test were emptied
        Purpose.objects.create(code="newsletter", label="News").word({"en": ("News", "I agree.")}, by=None)
    Purpose.objects.get_or_create(code="calls", defaults={"label": "Calls"})[0].word(
        {"en": ("Calls", "Ring.")}, by=None
    )
    form = Form.open(name="Contact", slug="contact", site=norte, content=_content(), by=admin)
    form.publish(by=admin)
    view = SavedView.objects.create(name="Mine", query="stage=lead", columns=["mail"], owner=admin, at=1)
    person = site.person(mallory).id
    file = PersonFile.objects.create(person_id=person, name="a.txt", ending="txt", size=1, key="0" * 32, by=admin, at=1)
    job = Job.objects.create(
        kind="duplicates", by=admin, state="done", ended_at=timezone.now(), result={"people": 4, "pairs": 1}
    )
    invitation = Invitation(email="new@norte.example", role="sales", by=admin, nonce="n" * 43)
    invitation.expires_at = timezone.now() + timedelta(days=3)
    invitation.save()
    return {
        "accounts:accept token": invitation.token, "accounts:renewal pk": invitation.pk,
        "accounts:revocation pk": invitation.pk,
        "accounts pk": colleague.pk, "public_id": norte.public_id, "capture pk": norte.keys.get().pk,
        "code": "calls", "slug": "contact", "field": "f2", "view": view.pk, "file": file.pk, "work pk": job.pk,
        "forms:confirm link": ticket.Confirmation("none", "none", [], "en", "").signed(),
    }  # fmt: skip


def _content() -> Content:
    return Content(
        languages=("en",), title={"en": "Write to us"}, last=3, thanks={"en": "Thanks!"},
        fields=(
            Field("f1", Kind.ATTRIBUTE, Widget.EMAIL, "email", required=True),
            Field("f2", Kind.ATTRIBUTE, Widget.TEXT, "first_name"),
            Field("f3", Kind.QUESTION, Widget.CHOICE, label={"en": "When?"}, options=(Option("now", {"en": "Now"}),)),
        ),
    )  # fmt: skip


def _doors() -> dict[str, Any]:
    admin = user_of("admin")
    hook = Endpoint.open(name="CRM", url="https://hooks.example/", kinds=["stage_changed"], by=admin)
    row = delivery_of(News(TEST, "k", 1, 1, None, {"words": "This is a test."}), hook)
    row.save()
    Attempt.objects.create(delivery=row, status=500, answer="no", trouble="no", sent="x")
    key, _text = ApiKey.make(name="sync", scopes=list(SCOPES), maker=admin, expires_at=None)
    webhooks = {f"doors:{name} pk": hook.pk for name in _HOOKS}
    return {"doors pk": key.pk, "delivery": row.pk, "webhook": hook.pk, "opportunity": "none", **webhooks}


_HOOKS = (
    "webhook", "log", "webhook_settings", "webhook_test", "replays", "webhook_pause", "webhook_resumption",
    "webhook_secret", "webhook_retirement", "webhook_restoration", "delivery", "replay",
)  # fmt: skip


def _imports() -> dict[str, Any]:
    admin = user_of("admin")
    client = Client()
    client.force_login(admin)
    client.post("/imports/new/", {"file": SimpleUploadedFile("a.csv", b"Email,Name\na@b.mx,A\n"), "kind": "people"})
    record = ImportRun.objects.create(name="m", kind="people", file="a.csv", started_at=1, finished_at=2, rows=1)
    ImportRow.objects.create(run=record, row=1, outcome="failed", reason="x", words="no", changes={"a": ["b", "c"]})
    mapping = Mapping.objects.create(name="Mine", by=admin)
    runs = {f"imports:{name} pk": record.pk for name in ("run", "run_state", "undo", "report")}
    return {"imports pk": Upload.objects.latest("id").pk, "imports:forget_mapping pk": mapping.pk, **runs}
