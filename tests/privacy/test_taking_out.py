"""Everything about one person as files: what is in them, who fetches them, and that they do not outlive anybody."""

import csv
import io
import json
import re
import threading
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from embudo.accounts.models import AuditEntry, User
from embudo.capture.models import Site
from embudo.core.event import DAY, Door
from embudo.doors.models import Delivery
from embudo.forms.models import Form, Showing
from embudo.leads.erasure import erase
from embudo.leads.exported import file_of
from embudo.leads.models import PersonFile
from embudo.privacy import taking_out
from embudo.privacy.consent import Act, give
from embudo.privacy.models import Purpose
from embudo.work import run
from embudo.work.kinds import Refused
from embudo.work.models import Job
from tests.cast import MONDAY, ada, bruno
from tests.leads.test_identity import merged
from tests.leads.views.conftest import SignIn, text
from tests.operate.test_outgoing import hook
from tests.privacy.conftest import Following

Purposes = dict[str, Purpose]
RISKY, NUMBER = ("=", "+", "-", "@", "＝", "|"), re.compile(r"-?[0-9.]+")
PERSON = f"/people/{ada.subject}"


@pytest.fixture
def known(site: Following, purposes: Purposes) -> Following:
    """Ada is known."""
    site.hears(ada.visits("/pricing").submits("contact"))
    return site


def taken_out(client: Client) -> Job:
    """The long work that somebody asked for, done."""
    address = client.post(f"{PERSON}/everything/")["Location"]
    job = Job.claim("somebody")
    assert job is not None and address == f"/work/{job.pk}/"
    run.do(job, threading.Event())
    job.refresh_from_db()
    return job


def files(client: Client) -> dict[str, str]:
    job = taken_out(client)
    assert job.state == "done", job.trouble
    answer = client.get(f"/privacy/taken-out/{job.pk}/")
    assert answer["Content-Disposition"] == 'attachment; filename="person.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def test_files_attached_to_a_person_and_to_who_was_joined_with_them_are_taken_out(
    known: Following, sign_in: SignIn
) -> None:
    known.hears(bruno.submits("contact"), merged(ada.subject, bruno.subject))
    client = sign_in("manager")
    for name in ("offer: «final».txt", "offer: «final».txt", "../../etc/cron.txt"):
        client.post(f"{PERSON}/files/", {"file": SimpleUploadedFile(name, f"of {name}".encode())})
    PersonFile.objects.filter(pk=PersonFile.objects.first().pk).update(person_id=bruno.subject)  # type: ignore[union-attr]
    held = {name: text for name, text in files(client).items() if name.startswith("files/")}
    first, second, third = sorted(held)
    assert re.fullmatch(r"files/\d+ offer_ _final_\.txt", first) and first != second
    assert third.count("/") == 1 and third.endswith(" cron.txt")
    assert all(content.startswith("of ") for content in held.values())


def test_everything_is_taken_out_and_written_down(known: Following, sign_in: SignIn, purposes: Purposes) -> None:
    known.log.seal()
    give(purposes["phone"].wording("es"), f"person:{ada.subject}", act=Act.STAFF, id="c1", how="phone")
    client = sign_in("manager")
    client.post(f"{PERSON}/notes/", {"kind": "note_written", "note": '=HYPERLINK("http://x")'})
    held = files(client)
    told = json.loads(held["person.json"])
    assert told["person"]["mail"] == ada.mail
    kinds = {fact["kind"] for fact in told["facts"]}
    assert {"page_viewed", "form_submitted", "consent_given", "note_written"} <= kinds
    assert told["consents"][0]["wording"].startswith("Acepto que me llamen")
    assert {"leads.Identifier", "leads.StageChange", "leads.PersonAttribute"} <= set(told["tables"])
    assert any(each["attribute"] == "email" and each["in_force"] for each in told["attributes"])
    assert told["scores"]["because"]
    assert "HYPERLINK" in held["facts.csv"]
    entry = AuditEntry.objects.get(verb="person_taken_out")
    assert (str(entry.by), entry.detail) == ("manager", {"person": str(ada.subject)})
    assert json.loads(files(client)["person.json"])["changes_by_staff"]


def test_only_who_asked_for_the_files_fetches_them_until_somebody_is_erased(known: Following, sign_in: SignIn) -> None:
    known.hears(bruno.submits("contact"))
    client = sign_in("manager")
    job = taken_out(client)
    address = f"/privacy/taken-out/{job.pk}/"
    for page in (f"/work/{job.pk}/", f"{PERSON}/everything/"):
        assert f'href="{address}"' in text(client.get(page))
    assert ada.name not in str(job) and job.done == job.total
    for role in ("admin", "sales"):
        assert sign_in(role).get(address).status_code == (404 if role == "admin" else 403)
    assert client.post(address).status_code == 405
    erase(bruno.subject, by="Luis", why="he asked", log=known.log)
    known.follower.catch_up()
    assert not file_of(job).exists() and client.get(address).status_code == 404
    assert "not kept any more" in text(client.get(f"/work/{job.pk}/"))
    assert address not in text(client.get(f"{PERSON}/everything/"))


def test_files_asked_for_twice_are_made_once(known: Following, sign_in: SignIn) -> None:
    client = sign_in("manager")
    first, second = (client.post(f"{PERSON}/everything/")["Location"] for _time in range(2))
    assert first == second and Job.objects.filter(kind="person_export").count() == 1
    assert AuditEntry.objects.filter(verb="person_taken_out").count() == 1


def test_no_file_is_left_of_who_was_erased_while_it_was_written(known: Following, sign_in: SignIn) -> None:
    sign_in("manager").post(f"{PERSON}/everything/")
    job = Job.claim("somebody")
    assert job is not None
    steps = taking_out.run(job)
    next(steps)
    erase(ada.subject, by="Luis", why="she asked", log=known.log)
    known.follower.catch_up()
    with pytest.raises(Refused, match="erased while the file was written"):
        for _step in steps:
            pass
    assert not job.folder.exists()
    with pytest.raises(Refused, match="not here any more"):
        next(taking_out.run(job))


def test_the_files_of_who_was_joined_meanwhile_are_those_of_the_other(known: Following, sign_in: SignIn) -> None:
    sign_in("manager")
    known.hears(bruno.submits("contact"), merged(bruno.subject, ada.subject))
    Job.objects.create(kind="person_export", by=User.objects.get(role="manager"), wants={"person": str(ada.subject)})
    job = Job.claim("somebody")
    assert job is not None
    run.do(job, threading.Event())
    with zipfile.ZipFile(file_of(job)) as archive:
        assert json.loads(archive.read("person.json"))["person"]["id"] == bruno.subject


def test_what_will_be_erased_counts_sendings_of_forms_and_calls_to_webhooks(known: Following, sign_in: SignIn) -> None:
    site = Site.objects.create(name="Norte")
    form = Form.objects.create(name="Contact", slug="contact", site=site)
    Showing.objects.create(form=form, at=MONDAY, subject=ada.subject)
    endpoint = hook()
    for number in range(2):
        Delivery.objects.create(
            endpoint=endpoint, key=f"k{number}", message="m", kind="stage_changed", subject=ada.subject
        )
    for page in ("everything", "erasure"):
        shown = re.sub(r"\s+", " ", text(sign_in("manager").get(f"{PERSON}/{page}/")))
        assert "<dt>Sendings of forms</dt><dd>1</dd>" in shown, page
        assert "<dt>Calls to webhooks</dt><dd>2</dd>" in shown, page


@pytest.mark.parametrize("start", ["=", "+", "-", "@", " =", "\t=", "\r=", "\n=", "\u00a0=", "＝", "|"])
def test_no_cell_of_the_tables_is_a_formula(known: Following, sign_in: SignIn, start: str) -> None:
    evil = f"{start}cmd|' /C calc'!A0"
    traits = {"email": ada.mail, "nick": evil}
    known.hears(ada.journey(MONDAY + DAY).through(Door.SECRET).does("profile_changed", traits=traits))
    for name, content in files(sign_in("manager")).items():
        if name.endswith(".csv"):
            for row in csv.reader(io.StringIO(content)):
                risky = [each for each in row if each.lstrip().startswith(RISKY) and not NUMBER.fullmatch(each)]
                assert risky == [], name
