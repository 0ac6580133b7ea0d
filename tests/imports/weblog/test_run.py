import gzip
import json
from pathlib import Path

import pytest

from embudo.collector.place import Places
from embudo.core.event import Event, Verdict
from embudo.core.intake import IMPOSSIBLE_VIEWS
from embudo.imports.models import VisitsReport
from embudo.imports.reading import BadFile
from embudo.imports.weblog import behaviour, run
from embudo.imports.weblog.visits import Place, Salt, domain_of
from embudo.leads.models import ImportKey, ImportRow, ImportRun, Person, StageChange
from tests.imports.weblog.conftest import ANA, BOT, CHROME, GOOGLEBOT, LUIS, PLACE, Logs, line

STYLE = "/style.css"


def facts(logs: Logs) -> list[Event]:
    """Every fact in the log, in order of time."""
    rows, _cursor = logs.following.log.read(logs.following.log.end().__class__(), 10_000)
    return sorted((row.event for row in rows), key=lambda each: each.order)


def verdicts(logs: Logs) -> list[tuple[str, Verdict, tuple[str, ...]]]:
    """Path, verdict and reasons of each fact."""
    return [(each.props["path"], each.verdict, each.reasons) for each in facts(logs)]


def test_a_page_of_a_log_is_a_visit_of_a_daily_visitor_at_its_own_time(logs: Logs) -> None:
    work = logs(line("/pricing?utm_source=fair&utm_medium=qr&email=a@b.mx"), line(STYLE))
    (fact,) = facts(logs)
    assert (fact.kind, fact.site, fact.source) == ("page_viewed", PLACE.site, PLACE.source)
    assert (fact.at, fact.known_at, fact.context["known_at"]) == (1_747_476_303_000_000,) * 2 + ("assumed",)
    assert fact.identifier.startswith("daily:")
    assert (fact.anonymous_id, fact.user_id) == (None, None)
    assert fact.props["path"] == "/pricing"
    assert fact.context["url"] == "https://norte.example/pricing?utm_source=fair&utm_medium=qr", "no secret is kept"
    person = Person.objects.get()
    assert (person.source, person.medium, person.known) == ("fair", "qr", False)
    assert (work.facts, work.figures.visitors["human"]) == (1, 1)


@pytest.mark.parametrize(
    ("referrer", "source", "medium"),
    [
        ("https://www.google.com.mx/search?q=crm", "google", "organic"),
        ("https://www.norte.example/blog", "direct", "direct"),
        ("http://norte.example/blog", "direct", "direct"),
        ("https://sur.example/links", "sur.example", "referral"),
        ("-", "direct", "direct"),
    ],
)
def test_where_a_visitor_came_from_follows_the_rule_that_stands(
    logs: Logs, referrer: str, source: str, medium: str
) -> None:
    work = logs(line("/", referrer=referrer), line(STYLE))
    person = Person.objects.get()
    assert (person.source, person.medium) == (source, medium)
    assert work.figures.sources == {f"{source} / {medium}": 1}


def test_a_download_is_a_fact_of_its_own_kind(logs: Logs) -> None:
    logs(line("/files/guide%20one.pdf"), line("/files/guide%20one.pdf", status=206))
    (fact,) = facts(logs)
    assert (fact.kind, fact.props["name"]) == ("content_downloaded", "guide%20one.pdf")


def test_whoever_comes_on_two_days_or_with_two_browsers_is_two_daily_visitors(logs: Logs) -> None:
    logs(line("/"), line("/a", time="11:00:00"), line("/", day="18/May/2025"), line("/", agent=CHROME))
    assert len({each.identifier for each in facts(logs)}) == 3
    assert Person.objects.count() == 3


def test_lines_left_out_are_counted_by_their_reasons(logs: Logs) -> None:
    work = logs(
        line("/"), line(STYLE), line("/gone", status=404), line("/old", status=301), line("/", method="POST"),
        line("/robots.txt", who=LUIS), line("/feed/", who=LUIS), line("http://casino.example/", who=LUIS),
    )  # fmt: skip
    assert work.figures.left_out == dict.fromkeys(
        ["asset", "not_found", "redirect", "method", "robots_txt", "feed", "other_site"], 1
    )
    record = ImportRun.objects.get()
    assert (record.kind, record.rows, record.accepted, record.failed, record.unchanged) == ("visits", 8, 1, 0, 0)
    assert len(facts(logs)) == 1


def test_damaged_lines_are_reported_without_what_they_hold_and_stop_nothing(logs: Logs) -> None:
    secret = f"{ANA} ana@norte.example"
    work = logs(line("/"), secret, line("/" + "x" * 70_000), line("/b", day="17/May/2999"), line("/c"))
    assert work.damaged == 3
    assert len(facts(logs)) == 2
    rows = ImportRow.objects.filter(outcome="failed").order_by("row").values_list("row", "reason", "words")
    assert [(row, reason) for row, reason, _words in rows] == [(2, "format"), (3, "too_long"), (4, "future")]
    assert not any(ANA in words or "ana@" in words for _row, _reason, words in rows)


def test_a_second_run_and_a_grown_file_record_nothing_twice(logs: Logs) -> None:
    first = [line("/"), line("/"), line("/", who=LUIS), line(STYLE)]
    assert logs(*first).facts == 3
    again = logs(*first)
    assert (again.facts, again.unchanged) == (0, 3)
    grown = logs(*first, line("/more"), compressed=True)
    assert (grown.facts, grown.unchanged) == (1, 3)
    assert len(facts(logs)) == 4
    assert logs.following.log.failed_counts() == {}


def test_an_undone_import_leaves_nobody_and_can_be_brought_in_again(logs: Logs) -> None:
    from embudo.imports import undo

    logs(line("/"), line("/a", who=LUIS), line(STYLE))
    record = ImportRun.objects.get()
    for _rows in undo.take_back(record, logs.following.log, by=None, at=record.started_at):
        pass
    logs.following.follower.catch_up()
    undo.finish(record)
    assert not Person.objects.filter(merged_into=None).exists()
    assert not StageChange.objects.filter(superseded_at=None).exists()
    assert logs(line("/"), line("/a", who=LUIS), line(STYLE)).facts == 2
    assert Person.objects.filter(merged_into=None).count() == 2


def test_a_trial_records_nothing_and_finds_the_same_figures(logs: Logs) -> None:
    lines = [line("/"), line("/a", agent=GOOGLEBOT, who=BOT), line(STYLE), "damaged"]
    trial = logs(*lines, dry_run=True)
    assert (trial.facts, facts(logs), ImportKey.objects.count()) == (2, [], 0)
    assert logs(*lines).figures == trial.figures
    kept = VisitsReport.objects.get(run__dry_run=True)
    assert kept.figures["visitors"] == {"human": 1, "machine": 1}


# -- machines ------------------------------------------------------------------------------------------------


def test_what_calls_itself_a_robot_is_kept_as_a_machine_and_counts_nowhere(logs: Logs) -> None:
    logs(line("/", agent=GOOGLEBOT, who=BOT), line("/", agent="-", who=LUIS))
    assert sorted(verdicts(logs), key=str) == [
        ("/", Verdict.MACHINE, ("user_agent:bot",)),
        ("/", Verdict.UNVERIFIED, ("user_agent:missing",)),
    ]
    assert not Person.objects.exclude(engagement=0).exists()


def test_who_asks_for_robots_txt_was_a_machine_before_too(logs: Logs) -> None:
    logs(line("/"), line(STYLE), line("/robots.txt", time="12:00:00"), line("/", who=LUIS), line(STYLE, who=LUIS))
    assert [each[1:] for each in verdicts(logs)].count((Verdict.MACHINE, ("robots_txt",))) == 1


def test_a_feed_reader_loads_nothing_of_a_page_and_a_browser_with_a_feed_does(logs: Logs) -> None:
    logs(line("/feed/"), line("/"), line("/feed/", who=LUIS), line("/", who=LUIS), line(STYLE, who=LUIS))
    found = sorted(reasons for _path, _verdict, reasons in verdicts(logs))
    assert found == [(), ("feed_reader", "no_assets")]


def test_nobody_opens_pages_faster_than_a_human_can(logs: Logs) -> None:
    fast = [line(f"/{n}", time=f"10:05:{n // 10:02}") for n in range(IMPOSSIBLE_VIEWS + 1)]
    slow = [line(f"/{n}", who=LUIS, time=f"10:{n:02}:00") for n in range(IMPOSSIBLE_VIEWS + 1)]
    logs(*fast, *slow)
    assert [each.reasons for each in facts(logs)].count(("impossible_rate",)) == IMPOSSIBLE_VIEWS + 1


def test_pages_without_pictures_are_doubtful_only_where_the_log_holds_pictures(logs: Logs) -> None:
    logs(line("/"), line("/a", who=LUIS))
    assert [each.verdict for each in facts(logs)] == [Verdict.HUMAN] * 2
    logs(line("/b"), line(STYLE), line("/c", who=LUIS))
    assert {each.props["path"]: each.reasons for each in facts(logs)}["/c"] == ("no_assets",)


# -- files ---------------------------------------------------------------------------------------------------


def test_a_compressed_file_that_breaks_off_is_read_up_to_there(logs: Logs) -> None:
    path = logs.file(*(line(f"/{n}", time=f"10:{n % 60:02}:00") for n in range(5000)), compressed=True)
    path.write_bytes(path.read_bytes()[:-3000])
    work = logs.of(path)
    assert work.figures.broken_off
    assert 0 < work.facts < 5000


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", gzip.compress(b"a,b\n1,2\n", mtime=0), b"\x1f\x8b broken", b"\0" * 99_999]
)
def test_what_is_no_access_log_is_refused_in_words(logs: Logs, content: bytes) -> None:
    path = logs.folder / "x.log"
    path.write_bytes(content)
    with pytest.raises(BadFile, match="no access log in combined format"):
        logs.of(path)
    assert not ImportRun.objects.exists()


def test_a_run_that_died_goes_on_and_counts_each_line_once(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PORTION", 4)
    path = logs.file(*(line(f"/{n}", time=f"10:{n:02}:00") for n in range(20)), "damaged")
    salt = Salt()
    died = run.VisitImport(logs.following.log, PLACE, salt=salt)
    steps = died.run(path)
    for _step in range(8):
        next(steps)
    steps.close()
    assert 0 < died.facts < 20
    record = ImportRun.objects.get()
    work = run.VisitImport(logs.following.log, PLACE, record=record, salt=salt)
    for _step in work.run(path):
        pass
    record.refresh_from_db()
    assert (record.rows, record.accepted, record.unchanged, record.failed) == (21, 20, 0, 1)
    assert ImportRow.objects.count() == 21
    assert len({each.identifier for each in facts(logs)}) == 1


def test_a_log_of_many_visitors_is_judged_alike_from_disk(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviour, "MOST", 2)
    monkeypatch.setattr(run, "MOST_TWINS", 4)
    lines = [line("/", who=f"192.0.2.{n}") for n in range(20)] + [line(STYLE, who=f"192.0.2.{n}") for n in range(10)]
    work = logs(*lines, line("/robots.txt", who="192.0.2.3"))
    assert work.figures.visitors == {"human": 9, "machine": 1, "unverified": 10}


# -- who ---------------------------------------------------------------------------------------------------


def test_no_address_is_anywhere_in_what_is_kept(logs: Logs) -> None:
    logs(line("/"), line("/", who=LUIS, more=f' "{BOT}"'), "damaged " + BOT)
    logs.following.log.seal()
    texts = [path.read_bytes() for path in logs.following.config.data.rglob("*") if path.is_file()]
    texts.append(repr(facts(logs)).encode())
    for table in (ImportRow, ImportKey, ImportRun, VisitsReport, Person, StageChange):
        texts.append(json.dumps(list(table.objects.values()), default=str).encode())
    assert not any(who.encode() in text for who in (ANA, LUIS, BOT) for text in texts)


def test_a_visitor_has_another_name_in_every_import_so_no_address_can_be_tried_out(logs: Logs) -> None:
    logs(line("/"))
    logs(line("/later", time="11:00:00"))
    assert len({each.identifier for each in facts(logs)}) == 2
    assert "secret" not in repr(Salt())


def test_work_that_is_paused_goes_on_with_the_salt_beside_its_file(tmp_path: Path) -> None:
    salt = Salt.beside(tmp_path / "original")
    assert Salt.beside(tmp_path / "original") == salt
    assert len(salt.secret) == 32
    assert (tmp_path / "salt").stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["salt"]


def test_what_a_line_is_known_by_says_nothing_of_who_asked(logs: Logs) -> None:
    work = logs(line("/"))
    assert logs(line("/", who=BOT), dry_run=True).unchanged == work.facts == 1


def test_a_place_is_coarse_and_only_where_the_operator_gives_a_file(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def of(self: Places, address: str) -> dict[str, str]:
        asked.append(address)
        return {"country": "MX"}

    monkeypatch.setattr(Places, "of", of)
    logs(line("/"), line(STYLE))
    (fact,) = facts(logs)
    assert (fact.context["place"], asked) == ({"country": "MX"}, [ANA])


@pytest.mark.parametrize(
    ("text", "domain"),
    [("Norte.Example", "norte.example"), ("https://norte.example/x", "norte.example"), (" a.mx ", "a.mx"),
     ("", ""), ("norte", ""), ("javascript:alert(1)", ""), ("a b.mx", ""), ("https://[::1", "")],
)  # fmt: skip
def test_a_domain_is_read_as_people_write_it(text: str, domain: str) -> None:
    assert domain_of(text) == domain


def test_another_site_has_visits_of_its_own(logs: Logs) -> None:
    path = logs.file(line("/"))
    assert logs.of(path).facts == 1
    assert logs.of(path, place=Place("s999999999999", "norte.example")).facts == 1
