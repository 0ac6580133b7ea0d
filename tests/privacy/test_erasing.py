"""An erasure leaves nothing: rows, facts, failed bodies, names in the trail, and the bytes of files."""

import threading
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from embudo.accounts.models import AuditEntry
from embudo.capture.models import Site
from embudo.core.event import DAY
from embudo.core.intake import Reason
from embudo.duplicates.models import Pair
from embudo.eventlog import Cursor, Failure
from embudo.forms.models import Form, Showing
from embudo.leads.exported import file_of
from embudo.leads.models import Identifier, Person
from embudo.privacy import erasing
from embudo.privacy.consent import Act, give
from embudo.privacy.everything import tables_about_people
from embudo.privacy.models import Purpose
from embudo.work import run as worker
from embudo.work.models import Job
from tests.cast import MONDAY, ada, bruno
from tests.install import ROOT, Install
from tests.leads.test_identity import merged
from tests.leads.views.conftest import SignIn, text
from tests.privacy.conftest import Following

PERSON = f"/people/{ada.subject}"


@pytest.fixture
def busy(site: Following, purposes: dict[str, Purpose], sign_in: SignIn) -> Following:
    """Ada has facts in segments and in the tail, a failed event, a consent, an owner, and Bruno merged into her."""
    site.hears(ada.visits("/pricing").submits("contact"))
    site.log.seal()
    site.hears(bruno.submits("contact"), ada.journey(MONDAY + DAY).requests("demo"))
    body = f'{{"email": "{ada.mail.upper()}"}}'.encode()
    site.log.commit(failures=[Failure("site", Reason.BAD_TIME.value, body, MONDAY)])
    give(purposes["phone"].wording("en"), f"person:{ada.subject}", act=Act.STAFF, id="c1", at=MONDAY + DAY)
    admin = sign_in("admin")
    admin.post(f"{PERSON}/owner/", {"owner": str((AuditEntry.objects.count() and 1) or "")})
    admin.post(f"{PERSON}/everything/")
    assert file_of(done()).exists()
    site.follower.catch_up()
    return site


FULL = dict.fromkeys(("tail_rows", "segment_rows", "segments", "failed_bodies", "files", "at", "left", "left_facts"), 1)


def asked(client: Client, **fields: str) -> Any:
    return client.post(f"{PERSON}/erasure/", {"why": "they asked", "sure": "1", **fields})


def done() -> Job:
    """A worker does the job that waits."""
    job = Job.claim("test")
    assert job is not None
    worker.do(job, threading.Event())
    job.refresh_from_db()
    return job


def test_what_will_go_is_shown_first(busy: Following, sign_in: SignIn) -> None:
    page = sign_in("manager").get(f"{PERSON}/erasure/")
    held = page.context["held"]
    assert (held["failed"], held["joined"]) == (1, 0)
    assert held["facts"] >= 4 and held["identifiers"] >= 1 and held["changes"] >= 1
    assert "cannot be undone" in text(page)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"why": ""}, "Write why"),
        ({"why": "  "}, "Write why"),
        ({"sure": ""}, "Tick the box"),
        ({"why": f"{ada.mail} asked"}, "Leave their name"),
        ({"why": f"for {ada.name.upper()}"}, "Leave their name"),
    ],
)
def test_an_erasure_begins_with_a_reason_and_a_tick(
    busy: Following, sign_in: SignIn, fields: dict[str, str], told: str
) -> None:
    answer = asked(sign_in("manager"), **fields)
    assert answer.status_code == 422 and told in text(answer)
    assert not Job.objects.filter(kind="erasure").exists()


def test_nothing_is_left_and_the_evidence_says_what_went(
    busy: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("manager")
    both = {"person": "1", "other": str(ada.subject)}
    AuditEntry.record(None, "person_taken_out", f"Somebody – {ada.name}", **both)
    busy.hears(merged(ada.subject, bruno.subject))
    Pair.objects.create(left_id=1, right_id=ada.subject, probability=0.5, odds=0, refused_at=timezone.now())
    answer = asked(client)
    assert asked(client)["Location"] == answer["Location"]  # a double click
    assert Job.objects.filter(kind="erasure").count() == 1
    job = done()
    assert (job.state, job.trouble) == ("done", "")
    result = job.result
    assert result["segment_rows"] >= 2 and result["tail_rows"] >= 2 and result["failed_bodies"] == 1
    assert (result["left"], result["left_facts"], result["files_holding"], result["derived"]) == (0, 0, [], True)
    assert result["addresses"] >= 2
    assert not file_of(Job.objects.get(kind="person_export")).exists()

    page = text(client.get(answer["Location"]))
    assert "Nothing of the person is left" in page
    listed = text(client.get("/privacy/erasures/"))
    assert "they asked" in listed
    for each in (page, listed, text(sign_in("admin").get("/changes/"))):
        for name in (ada.mail, ada.name, bruno.mail):
            assert name not in each
    assert not Person.objects.filter(mail__in=[ada.mail, bruno.mail]).exists() and not Pair.objects.exists()
    facts = [row.event for row in busy.log.read(Cursor(), 10_000)[0]]
    assert not any(ada.mail in str(event) or bruno.mail in str(event) for event in facts)
    assert client.get(f"{PERSON}/").status_code == 404
    busy.agrees()
    assert busy.log.ledger().balanced


def stuck_once(site: Following, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A worker does the job that waits; the tables do not follow after the log has forgotten."""
    calls: list[int] = []
    with monkeypatch.context() as stuck:
        stuck.setattr(erasing.follow, "catch_up", lambda *_: len(calls.append(1) or calls) == 1)
        return done()


def test_when_the_tables_do_not_follow_it_says_so_and_can_be_tried_again(
    busy: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("manager")
    place = asked(client)["Location"]
    job = stuck_once(busy, monkeypatch)
    assert job.state == "failed" and "Try again" in job.trouble
    assert "cancellation" not in text(client.get(place))
    assert ada.mail not in str(job.memory) and ada.phone not in str(job.memory)
    busy.follower.catch_up()  # from here on no row tells who it was
    assert job.try_again() and not job.cancel()
    job = done()
    assert (job.state, job.memory) == ("done", {})
    assert not Person.objects.filter(mail=ada.mail).exists()

    assert job.result["addresses"] >= 1 and job.result["tail_rows"] >= 2 and job.result["files_holding"] == []
    assert "Nothing of the person is left" in text(client.get(place))
    assert [each.what for each in busy.log.evidence()] == ["erased"]
    assert AuditEntry.objects.filter(verb="person_erased").count() == 1


def test_showings_of_a_form_are_forgotten_whether_or_not_the_tables_follow_at_once(
    busy: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site.objects.create(name="Norte")
    form = Form.objects.create(slug="contact", name="Contact", site=site)
    (linked,) = Identifier.objects.filter(person_id=ada.subject).exclude(subject=ada.subject)[:1]
    Showing.objects.create(form=form, at=MONDAY, subject=linked.subject, fact="f1")
    erase = erasing.leads.erase

    def followed_at_once(*given: Any, **more: Any) -> Any:
        evidence = erase(*given, **more)
        busy.follower.catch_up()
        return evidence

    monkeypatch.setattr(erasing.leads, "erase", followed_at_once)
    asked(sign_in("manager"))
    job = done()
    assert (job.state, job.result["left"], job.result["tables"]["forms:files"]) == ("done", 0, 1)
    assert (Showing.objects.get().subject, Showing.objects.get().fact) == (None, "")
    page = sign_in("manager").get(f"/work/{job.pk}/").content.decode()
    assert "Sendings of forms" in page and "forms:files" not in page and "doors:files" not in page
    Showing.objects.update(subject=linked.subject)
    known = erasing.Known(people={ada.subject}, subjects={linked.subject})
    assert erasing._left(known) == 1


@pytest.mark.parametrize("language", ["en", "es", "pt-br"])
def test_the_evidence_calls_every_table_by_a_name_for_people(language: str) -> None:
    models = {model for model, _columns in tables_about_people()}
    labels = [model._meta.label for model in models] + [f"{app}:files" for app, _module in erasing.forgetting()]
    assert len(labels) > 12
    with override(language):
        told = erasing.in_words(dict.fromkeys([*labels, "leads.Gone"], 3))
        page = render_to_string("privacy/_evidence.html", {"result": {**FULL, "tables": dict.fromkeys(labels, 3)}})
        names = {str(what) for what, _rows, _how in told}
        assert len(names) == len(told), "no two are called the same"
        assert str(told[-1][0]) == _("other rows"), "a table that is no more"
    assert not [each for model in models for each in (model._meta.label, model._meta.db_table) if each in page]
    assert not names.intersection(model.__name__ for model in models)
    assert ":files" not in page
    if language != "en":
        with override("en"):
            english = {str(what) for what, _rows, _how in erasing.in_words(dict.fromkeys(labels, 3))}
        assert not english & names


def test_of_whom_nothing_can_be_looked_for_the_evidence_says_so(busy: Following) -> None:
    (busy.config.data / "notes.txt").write_text("call +52 55, or +525512345678")
    assert erasing.search({"+525512345678"})["files_holding"] == ["notes.txt"]
    told = erasing.search({"crm-7", "3f9c"})
    assert (told["addresses"], told["files_holding"]) == (0, [])
    zeros = dict.fromkeys(("left", "left_facts", "tail_rows", "segment_rows", "segments", "failed_bodies"), 0)
    page = render_to_string("privacy/_evidence.html", {"result": {**told, **zeros, "tables": {}, "at": MONDAY}})
    assert "not searched" in page and "Nothing of the person is left" not in page


SCRIPT = f"""
from embudo.leads.record import the_log
from embudo.leads.follow import Follower
from embudo.eventlog import Failure
from django.conf import settings
from tests.cast import ada, bruno, MONDAY
log = the_log()
follower = Follower(settings.EMBUDO, log)
log.append([*ada.visits("/pricing").submits("contact"), *bruno.submits("contact")])
follower.catch_up()
log.seal()
log.append([*ada.journey(MONDAY + {DAY}).visits("/docs").requests("demo")])
body = b'{{"email": "' + ada.mail.encode() + b'"}}'
log.commit(failures=[Failure("site", "bad_time", body, MONDAY)])
follower.catch_up()
from embudo.forms.models import Form, Showing
from embudo.leads.exported import file_of
from embudo.leads.models import Identifier, Person
print("THERE", Person.objects.filter(mail=ada.mail).count())
"""


def test_no_byte_of_a_real_install_holds_the_address_any_more(install: Install) -> None:
    """The whole data folder is read, segments as the tables they are; on PostgreSQL every text of every table."""
    install.embudo("prepare")
    assert "THERE 1" in install.embudo("manage", "shell", "-c", SCRIPT, PYTHONPATH=str(ROOT))
    assert found_in(install, ada.mail), "the search must find what is there"
    install.start("follow")
    try:
        assert "Erased" in install.embudo("erase", ada.mail, "--why", "asked", "--yes")
    finally:
        install.stop()
    assert found_in(install, ada.mail) == []
    assert found_in(install, bruno.mail), "others stay"


def found_in(install: Install, name: str) -> list[str]:
    import pyarrow.parquet as pq

    data, found = install.config.data, []
    for path in sorted(each for each in data.rglob("*") if each.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content = repr(pq.read_table(path).to_pylist()).encode()
        if name.lower().encode() in content.lower():
            found.append(str(path.relative_to(data)))
    if not install.config.embedded:
        import psycopg

        with psycopg.connect(install.config.database_url) as connection:
            query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            for (table,) in connection.execute(query).fetchall():
                pattern = f"%{name}%"
                rows = connection.execute(f'SELECT 1 FROM "{table}" t WHERE t::text ILIKE %s LIMIT 1', [pattern])
                hexed = connection.execute(
                    f'SELECT 1 FROM "{table}" t WHERE t::text ILIKE %s LIMIT 1', [f"%{name.encode().hex()}%"]
                )
                if rows.fetchone() or hexed.fetchone():
                    found.append(str(table))
    return found
