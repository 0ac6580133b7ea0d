"""Who is here twice is found, with the reasons; who was told apart is not found again."""

from dataclasses import replace

import pytest

from embudo.core.event import DAY, subject_of
from embudo.duplicates import search
from embudo.duplicates.models import Pair
from embudo.work.models import Job
from tests.cast import MONDAY, Someone, ada, bruno, clara
from tests.leads.conftest import Following
from tests.leads.test_company_joins import CALLED, NORTE, joined, parted
from tests.leads.test_identity import merged

twin = replace(ada, mail="ada.personal@mailbox.example", browser="ada-phone")


def found(whose: str = "people") -> dict[str, object]:
    """Run the search to its end and return its result."""
    steps = search.run(Job(kind=search.KIND, wants={"whose": whose}))
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return ended.value


def test_two_of_one_name_and_phone_are_a_pair_and_nobody_else_is(following: Following) -> None:
    following.hears(*(who.submits("contact") for who in (ada, twin, bruno, clara)))
    assert found() == {"people": 4, "pairs": 1}
    pair = Pair.objects.get()
    assert {pair.left_id, pair.right_id} == {ada.subject, twin.subject}
    assert pair.probability > 0.99
    assert {trait: degree for trait, degree, _ in pair.signs}["last_name"] == "same"
    odds = pair.odds + sum(bits for _, _, bits in pair.signs)
    assert pair.probability == pytest.approx(2**odds / (1 + 2**odds), rel=1e-3)


def test_a_pair_told_apart_stays_so_and_one_that_is_none_any_more_goes(following: Following) -> None:
    following.hears(*(who.submits("contact") for who in (ada, twin, bruno)))
    found()
    Pair.objects.get().refuse(by=None)
    assert not Pair.open().exists()
    found()
    assert not Pair.open().exists() and Pair.objects.get().refused_at

    Pair.objects.get().reopen(by=None)
    assert Pair.open().count() == 1
    other = {"first_name": "Rosa", "last_name": "Blum", "name": "Rosa Blum", "phone": "+493012345678"}
    following.hears(twin.journey(MONDAY + DAY).says(**other))
    assert found()["pairs"] == 0
    assert not Pair.objects.exists()


def test_who_was_joined_is_no_pair_and_who_was_taken_apart_by_hand_is_not_asked_about(following: Following) -> None:
    following.hears(ada.submits("contact"), twin.submits("contact"), bruno.submits("contact"))
    found()
    following.hears(merged(ada.subject, twin.subject))
    assert not Pair.open().exists()
    following.hears(merged(ada.subject, twin.subject, kind="people_unmerged", at=MONDAY + 30 * DAY))
    assert not Pair.open().exists() and Pair.objects.exists()  # before the next search, too
    assert found()["pairs"] == 0


def test_pairs_told_apart_are_not_counted_nor_do_they_take_the_room_of_others(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(bruno, mail="bruno.personal@mailbox.example", browser="bruno-tablet")
    following.hears(*(who.submits("contact") for who in (ada, twin, bruno, other)))
    assert found()["pairs"] == 2
    first = Pair.open()[0]
    first.refuse(by=None)
    Pair.objects.exclude(pk=first.pk).delete()
    monkeypatch.setattr(search, "MOST", 1)
    monkeypatch.setattr(search, "SLICE", 1)
    assert found()["pairs"] == 1
    assert Pair.open().count() == 1


def test_people_are_read_in_portions(following: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PORTION", 2)
    following.hears(*(who.submits("contact") for who in (ada, twin, bruno)))
    assert found() == {"people": 3, "pairs": 1}


def test_its_bar_is_full_when_it_is_done(following: Following) -> None:
    following.hears(*(who.submits("contact") for who in (ada, twin, bruno)))
    *_before, last = search.run(Job(kind=search.KIND))
    assert (last.done, last.total) == (3, 3)


def test_one_person_alone_is_searched_without_a_word(following: Following) -> None:
    following.hears(ada.submits("contact"))
    assert found() == {"people": 1, "pairs": 0}


sul = Someone("Rosa Blum", "rosa@gmail.com", company="Norte Logistica S.A.", browser="rosa")
NAMED = subject_of("company:name:norte logistica s.a.")


def test_a_company_by_its_name_is_found_with_the_one_of_its_domain(following: Following) -> None:
    following.hears(*(who.submits("contact") for who in (ada, sul, bruno, clara)))
    assert found("companies") == {"companies": 4, "pairs": 1}
    pair = Pair.objects.get()
    assert {pair.left_id, pair.right_id} == {NAMED, subject_of("company:norte.example")}
    assert {trait: degree for trait, degree, _bits in pair.signs} == {"name": "same", "site": "partly"}
    assert list(Pair.open("companies")) == [pair] and not Pair.open().exists()


def test_a_search_of_companies_leaves_the_pairs_of_people_and_turned_about(following: Following) -> None:
    following.hears(*(who.submits("contact") for who in (ada, twin, sul, bruno)))
    assert found()["pairs"] == 1
    of_people = Pair.objects.get()
    of_companies = found("companies")["pairs"]
    assert of_companies and list(Pair.open()) == [of_people]
    found()
    assert Pair.open("companies").count() == of_companies


def test_companies_joined_told_apart_or_taken_apart_are_no_pair(following: Following) -> None:
    following.hears(*(who.submits("contact") for who in (ada, sul, bruno)))
    CALLED.setdefault("company:name:norte logistica s.a.", "Norte Logistica S.A.")
    found("companies")
    Pair.objects.get().refuse(by=None)
    assert not Pair.open("companies").exists() and found("companies")["pairs"] == 0
    Pair.objects.get().reopen(by=None)
    following.hears(joined(NORTE, "company:name:norte logistica s.a."))
    assert not Pair.open("companies").exists() and found("companies") == {"companies": 2, "pairs": 0}
    following.hears(parted(NORTE, "company:name:norte logistica s.a."))
    assert found("companies") == {"companies": 3, "pairs": 0}
