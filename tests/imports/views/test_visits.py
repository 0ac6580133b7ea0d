import gzip
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from embudo.capture.models import Site
from embudo.imports.models import Upload, VisitsReport
from embudo.leads.models import ImportRow, ImportRun, Person
from tests.imports.test_undo import shown
from tests.imports.views.conftest import Marketer, here, marketer, problems_of, signed_in, works
from tests.imports.weblog.conftest import ANA, GOOGLEBOT, LUIS, line

__all__ = ["here", "marketer", "signed_in"]
LINES = [line("/"), line("/style.css"), line("/pricing", who=LUIS, agent=GOOGLEBOT), "damaged"]
LOG = "".join(f"{each}\n" for each in LINES).encode()


@pytest.fixture
def site(marketer: Marketer) -> Site:
    found = Site(name="Norte", domains=["norte.example"])
    found.open(by=None)
    return found


def brings(marketer: Marketer, content: bytes = LOG, name: str = "access.log") -> Upload:
    """Send a log; return the file on its way."""
    answer = marketer.client.post("/imports/new/", {"file": SimpleUploadedFile(name, content), "kind": "visits"})
    assert answer.status_code == 302, problems_of(answer)
    upload = Upload.objects.latest("id")
    assert answer["Location"] == f"/imports/{upload.pk}/site/"
    return upload


def tries(marketer: Marketer, upload: Upload, site: Site, domain: str = "") -> str:
    """Say of which site it is and have it tried out; return the page of the trial."""
    answer = marketer.client.post(f"/imports/{upload.pk}/site/", {"site": site.public_id, "domain": domain})
    assert answer.status_code == 302, problems_of(answer)
    works()
    return str(marketer.client.get(f"/imports/{upload.pk}/trial/").content.decode())


@pytest.mark.parametrize("content", [LOG, gzip.compress(LOG, mtime=0)])
def test_a_log_comes_in_by_the_screen_and_an_undo_leaves_nothing(
    marketer: Marketer, site: Site, content: bytes
) -> None:
    before = shown()
    upload = brings(marketer, content)
    page = tries(marketer, upload, site)
    assert "Lines: 4. Visits: 2, of which 2 new and 0 brought in before. Damaged lines: 1." in page
    assert "Machines" in page
    assert not Person.objects.exists()
    run = marketer.starts(upload)
    assert (run.rows, run.accepted, run.failed) == (4, 2, 1)
    page = marketer.client.get(f"/imports/runs/{run.pk}/").content.decode()
    assert "says that it is a robot" in page
    assert "Norte" in page
    marketer.undoes(run)
    assert shown() == before


def test_the_file_goes_as_soon_as_it_is_brought_in_and_no_address_is_left(marketer: Marketer, site: Site) -> None:
    upload = brings(marketer)
    tries(marketer, upload, site)
    assert upload.original.exists()
    run = marketer.starts(upload)
    assert not upload.folder.exists()
    report = b"".join(marketer.client.get(f"/imports/runs/{run.pk}/report.csv").streaming_content)  # type: ignore[attr-defined]
    assert b"/pricing" in report
    kept = [path.read_bytes() for path in Path(upload.folder).parent.parent.rglob("*") if path.is_file()]
    kept += [report, repr(list(ImportRow.objects.values())).encode(), repr(list(Upload.objects.values())).encode()]
    assert not any(who.encode() in text for who in (ANA, LUIS) for text in kept)


def test_brought_in_twice_it_counts_once(marketer: Marketer, site: Site) -> None:
    first = brings(marketer)
    tries(marketer, first, site)
    marketer.starts(first)
    again = brings(marketer)
    assert "0 new and 2 brought in before" in tries(marketer, again, site)
    assert VisitsReport.objects.filter(run__dry_run=False).count() == 1


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b"\x1f\x8bbroken", gzip.compress(b"\0" * 1_000_000, mtime=0), b"PK\x03\x04"]
)
def test_what_is_no_access_log_is_refused_in_words_and_not_kept(marketer: Marketer, content: bytes) -> None:
    given = {"file": SimpleUploadedFile("x.gz", content), "kind": "visits"}
    answer = marketer.client.post("/imports/new/", given)
    assert answer.status_code == 422
    assert problems_of(answer)
    assert not Upload.objects.exists()


@pytest.mark.parametrize("domain", ["norte", "javascript:alert(1)", "<script>alert(1)</script>", "a b.mx", "x" * 300])
def test_what_is_no_domain_is_refused_and_stays_in_the_field(marketer: Marketer, site: Site, domain: str) -> None:
    upload = brings(marketer)
    answer = marketer.client.post(f"/imports/{upload.pk}/site/", {"site": site.public_id, "domain": domain})
    assert answer.status_code == 422
    assert problems_of(answer)
    page = answer.content.decode()
    assert "<script>alert" not in page
    assert Upload.objects.get().check_job is None


def test_a_site_without_a_domain_asks_for_it(marketer: Marketer) -> None:
    site = Site(name="Sur")
    site.open(by=None)
    upload = brings(marketer)
    answer = marketer.client.post(f"/imports/{upload.pk}/site/", {"site": site.public_id, "domain": ""})
    assert "has no domain yet" in "".join(problems_of(answer))
    assert "Visits: 2," in tries(marketer, upload, site, "https://Norte.example/")


def test_an_archived_or_unknown_site_is_none(marketer: Marketer, site: Site) -> None:
    upload = brings(marketer)
    Site.objects.update(archived_at="2026-01-01T00:00Z")
    assert "none yet" in marketer.client.get(f"/imports/{upload.pk}/site/").content.decode()
    for wanted in (site.public_id, "s' OR 1=1", ""):
        answer = marketer.client.post(f"/imports/{upload.pk}/site/", {"site": wanted, "domain": "norte.example"})
        assert answer.status_code == 422


@pytest.mark.parametrize("step", ["file", "columns"])
def test_the_steps_of_other_files_lead_back_to_those_of_a_log(marketer: Marketer, step: str) -> None:
    upload = brings(marketer)
    for answer in (
        marketer.client.get(f"/imports/{upload.pk}/{step}/"),
        marketer.client.post(f"/imports/{upload.pk}/{step}/"),
    ):
        assert answer["Location"] == f"/imports/{upload.pk}/site/"


def test_another_file_has_no_site_and_nobody_elses_log_is_shown(marketer: Marketer, site: Site) -> None:
    other = marketer.brings("p.csv", b"Email\nana@norte.mx\n")
    assert marketer.client.get(f"/imports/{other.pk}/site/")["Location"] == f"/imports/{other.pk}/file/"
    upload = brings(marketer)
    Upload.objects.filter(pk=upload.pk).update(by=None)
    assert marketer.client.get(f"/imports/{upload.pk}/site/").status_code == 404
    assert not ImportRun.objects.exists()


def test_what_a_hostile_visitor_writes_into_a_log_is_shown_as_text(marketer: Marketer, site: Site) -> None:
    evil = "/<script>alert(1)</script>"
    upload = brings(marketer, f"{line(evil, referrer='https://<b>evil</b>.example/')}\n".encode())
    tries(marketer, upload, site)
    run = marketer.starts(upload)
    page = marketer.client.get(f"/imports/runs/{run.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "<b>evil" not in page
    assert "&lt;script&gt;" in page
