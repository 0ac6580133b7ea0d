"""The trail: what was changed and who was seen, found again by person, by what was done and by date."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from embudo.accounts.audit import SIGHTS, WORDS, general
from embudo.accounts.models import AuditEntry
from tests.cast import mallory

NOON = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)


def words(client: Client, query: str = "") -> str:
    return client.get(f"/changes/?{query}").content.decode()


def rows(page: str) -> str:
    return page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_who_looks_at_somebody_again_and_again_is_told_once_an_hour(
    person: Any, django_assert_num_queries: Any
) -> None:
    ana, luis = person("sales"), person("sales")
    assert AuditEntry.saw(ana, "person_opened", "Ada", of=7, at=NOON)
    with django_assert_num_queries(1):
        assert not AuditEntry.saw(ana, "person_opened", "Ada", of=7, at=NOON + timedelta(minutes=50))
    assert AuditEntry.saw(ana, "person_opened", "Ada", of=7, at=NOON + timedelta(hours=1))
    assert AuditEntry.saw(luis, "person_opened", "Ada", of=7, at=NOON)
    assert AuditEntry.saw(ana, "person_opened", "Grace", of=8, at=NOON)
    assert AuditEntry.saw(ana, "person_exported", "Ada", of=7, at=NOON)
    assert AuditEntry.objects.filter(person="7").count() == 4


def test_two_long_lists_are_two_sights(person: Any) -> None:
    ana, words = person("sales"), "stage=lead&" * 100
    assert AuditEntry.saw(ana, "list_exported", "People", of=f"{words}a", at=NOON)
    assert AuditEntry.saw(ana, "list_exported", "People", of=f"{words}b", at=NOON)
    assert not AuditEntry.saw(ana, "list_exported", "People", of=f"{words}b", at=NOON)


def test_two_who_write_the_same_sight_at_once_leave_one_row(person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = person("sales")
    AuditEntry.saw(ana, "list_exported", "People, 12 rows", of="people", at=NOON)

    class Blind:
        def exists(self) -> bool:
            return False

    kept = AuditEntry.objects.filter
    monkeypatch.setattr(AuditEntry.objects, "filter", lambda **by: Blind() if "seen" in by else kept(**by))
    AuditEntry.saw(ana, "list_exported", "People, 12 rows", of="people", at=NOON)
    monkeypatch.undo()
    assert AuditEntry.objects.count() == 1


def test_a_sight_has_words_and_any_other_verb_is_refused(person: Any) -> None:
    assert set(SIGHTS) <= set(WORDS)
    with pytest.raises(KeyError):
        AuditEntry.saw(person(), "role_changed", of=1)
    assert all("%(" not in general(verb) for verb in WORDS)


def test_the_name_of_an_erased_person_leaves_the_trail_and_the_act_stays(person: Any, browser: Any) -> None:
    ana = person()
    AuditEntry.saw(ana, "person_opened", "Ada Lovelace", of=7)
    AuditEntry.record(ana, "owner_changed", "Ada Lovelace", person="7", before="", now="Luis")
    AuditEntry.record(ana, "owner_changed", "Grace Hopper", person="8", before="", now="Luis")
    AuditEntry.forget([7])
    page = words(browser(ana))
    assert "Ada" not in rows(page) and "Grace Hopper" in page and "opened the page of —" in page


def test_the_trail_is_narrowed_by_who_what_whom_and_day(person: Any, browser: Any) -> None:
    ana, luis = person(name="Ana Ruiz", time_zone="America/Monterrey"), person("sales", "Luis Prado")
    late = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)  # the evening of the 20th in Monterrey
    AuditEntry.saw(luis, "person_opened", "Ada", of=7, at=NOON)
    AuditEntry.saw(luis, "person_opened", "Grace", of=8, at=late)
    AuditEntry.record(ana, "site_added", "shop")
    client = browser(ana)
    assert "shop" not in rows(words(client, f"who={luis.pk}")) and "Ada" in rows(words(client, f"who={luis.pk}"))
    assert "Ada" not in rows(words(client, "what=site_added")) and "shop" in rows(words(client, "what=site_added"))
    assert "Grace" in rows(words(client, "person=8")) and "Ada" not in rows(words(client, "person=8"))
    day = rows(words(client, "since=2026-11-20&until=2026-11-20"))
    assert "Ada" in day and "Grace" in day and "shop" not in day
    assert rows(words(client, "since=2026-11-21&until=2026-11-21")) == ""
    assert "Nothing like that happened" in words(client, "since=2020-01-01&until=2020-01-02")


@pytest.mark.parametrize(
    "query",
    ["who=x", "who=999999", "what=drop", "since=yesterday", "until=2026-13-01", "person=1%27%20OR%201=1",
     "what=site_added%27--", "since=%3Cscript%3Ealert(1)%3C/script%3E"],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_named_and_breaks_nothing(person: Any, browser: Any, query: str) -> None:
    ana = person()
    AuditEntry.record(ana, "site_added", "shop")
    answer = browser(ana).get(f"/changes/?{query}")
    assert answer.status_code == 422 and "<script>alert" not in answer.content.decode()


def test_paging_keeps_the_filter_and_leaves_no_gap(person: Any, browser: Any) -> None:
    ana = person()
    for number in range(120):
        AuditEntry.record(ana, "site_added", f"site-{number:03}")
        AuditEntry.record(ana, "site_changed", f"other-{number:03}")
    client, path, seen = browser(ana), "/changes/?what=site_added", []
    while path:
        page = client.get(path).content.decode()
        assert "other-" not in rows(page)
        seen += re.findall(r"site-\d{3}", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen == [f"site-{number:03}" for number in reversed(range(120))]


def test_what_was_seen_is_never_markup(person: Any, browser: Any) -> None:
    ana = person()
    AuditEntry.saw(ana, "person_opened", mallory.name, of=666)
    assert "<script>alert" not in words(browser(ana))


@pytest.mark.parametrize("role", ["marketing", "sales", "manager"])
def test_only_administrators_read_the_trail(person: Any, browser: Any, role: str) -> None:
    assert browser(person(role)).get("/changes/").status_code == 403


def test_a_row_about_two_people_is_found_by_either(person: Any, browser: Any) -> None:
    admin = person("admin")
    AuditEntry.record(admin, "pair_refused", "Ada – Grace", person="7", other="8")
    for whom, found in (("7", True), ("8", True), ("9", False)):
        assert ("Ada – Grace" in rows(words(browser(admin), f"person={whom}"))) is found
