"""Two companies become one and two again, to the last row."""

from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from embudo.accounts.models import User
from embudo.core.event import DAY, Door, Event, Verdict, subject_of
from embudo.leads import company_joins, free_mail, owners, rebuild, rollup
from embudo.leads.clock import now
from embudo.leads.company_joins import Untold, identifier_of
from embudo.leads.erasure import erase
from embudo.leads.expiry import STAYING
from embudo.leads.follow import Follower
from embudo.leads.models import Company, CompanyMerge, Person
from embudo.leads.queries.asked import read
from tests.cast import MONDAY, Someone, ada, bruno
from tests.leads.conftest import Following, rows

NORTE, SERRA, SUL, OESTE = "company:norte.example", "company:serra.example", "company:name:sul", "company:oeste.example"
CALLED = {NORTE: ada.company, SERRA: bruno.company, SUL: "Sul", OESTE: "oeste.example"}
sol = Someone("Sol", "sol@gmail.com", company="Sul", browser="sol")
LATER = MONDAY + 20 * DAY


def said(kind: str, survivor: str, absorbed: str, at: int = LATER) -> list[Event]:
    """What a person in the app says of two companies."""
    props: dict[str, Any] = {"survivor": subject_of(survivor), "absorbed": subject_of(absorbed)}
    if kind == "companies_merged":
        props |= {"identifiers": [survivor, absorbed], "names": [CALLED[survivor], CALLED[absorbed]]}
    return [fact(kind, survivor, props, at)]


def fact(kind: str, company: str, props: dict[str, Any], at: int) -> Event:
    return Event(
        source="app", id=f"{kind}-{at}", kind=kind, at=at, received_at=at, known_at=at, identifier=company,
        subject=subject_of(company), door=Door.APP, verdict=Verdict.HUMAN, props=props,
    )  # fmt: skip


def joined(survivor: str, absorbed: str, at: int = LATER) -> list[Event]:
    return said("companies_merged", survivor, absorbed, at)


def parted(survivor: str, absorbed: str, at: int = LATER + DAY) -> list[Event]:
    return said("companies_unmerged", survivor, absorbed, at)


def states(company: str, at: int = MONDAY, **traits: Any) -> list[Event]:
    return [fact("company_changed", company, {"traits": traits}, at)]


def company(identifier: str) -> Company:
    return Company.objects.get(pk=subject_of(identifier))


def works_at(*people: Someone) -> list[str]:
    return [str(Person.objects.get(mail=each.mail, merged_into=None).company) for each in people]


def companies() -> dict[int, tuple[Any, ...]]:
    """Everything of companies that does not depend on when it was written."""
    columns = "id", "name", "domain", "attributes", "owner_id", "merged_into_id", "unsettled_after", "search"
    rollup.refresh(now() + rollup.FRESH + 1)
    return {row[0]: row[1:] for row in Company.objects.values_list(*columns, "people_count")}


def made_again(following: Following) -> None:
    rebuild.ask(following.log)
    while rebuild.running():
        following.follower.advance_rebuild()


@pytest.fixture
def story(following: Following) -> Following:
    """Ada works at Norte, Bruno at Serra, Sol states Sul; of Norte and Serra something was stated."""
    following.hears(ada.submits("contact"), bruno.submits("contact"), sol.submits("contact"))
    following.hears(states(NORTE, industry="logistics"), states(SERRA, MONDAY + 1, industry="mining", city="Lages"))
    return following


def test_the_survivor_keeps_what_it_states_and_shows_what_only_the_other_has(story: Following) -> None:
    story.hears(joined(NORTE, SERRA))
    assert company(NORTE).attributes == {"industry": "logistics", "city": "Lages"}
    assert works_at(ada, bruno, sol) == [ada.company, ada.company, "Sul"]
    assert company(SERRA).merged_into == company(NORTE)
    rollup.refresh(now())
    assert company(NORTE).people_count == 2
    assert company(NORTE).search == " norte logistica norte example serra azul energia serra example"
    story.agrees()


def test_who_comes_later_by_the_other_domain_or_name_belongs_to_the_survivor(story: Following) -> None:
    story.hears(joined(NORTE, SERRA), joined(NORTE, SUL, LATER + 1))
    late = [replace(bruno, mail="leo@serra.example", browser="leo"), replace(sol, mail="luz@gmail.com", browser="luz")]
    story.hears(*(each.journey(LATER + DAY).submits("contact") for each in late))
    assert works_at(*late, sol) == [ada.company] * 3
    assert company(NORTE).name == ada.company
    story.agrees()
    made_again(story)
    assert works_at(ada, bruno, sol, *late) == [ada.company] * 5
    story.agrees()


def test_taken_apart_both_are_as_before(story: Following) -> None:
    people, before = rows(), companies()
    story.hears(joined(NORTE, SERRA))
    story.hears(parted(NORTE, SERRA))
    assert (rows(), companies()) == (people, before)
    story.agrees()
    made_again(story)
    assert (rows(), companies()) == (people, before)


def test_what_a_company_states_or_clears_goes_before_and_names_stay_their_own(story: Following) -> None:
    story.hears(joined(NORTE, SERRA))
    story.hears(
        states(NORTE, LATER + 1, city=None, domain="norte.example"),
        states(SERRA, LATER + 2, website="serra.example", name="Serra & Filhos"),
    )
    assert company(NORTE).attributes == {
        "industry": "logistics", "domain": "norte.example", "website": "serra.example",
    }  # fmt: skip
    assert (company(NORTE).name, company(SERRA).name) == (ada.company, bruno.company)
    story.agrees()
    story.hears(parted(NORTE, SERRA))
    assert company(SERRA).attributes["city"] == "Lages"
    assert company(NORTE).attributes == {"industry": "logistics", "domain": "norte.example"}
    story.agrees()


def test_chains_and_circles_are_decided_as_of_people(story: Following) -> None:
    story.hears(joined(SERRA, NORTE), joined(SUL, SERRA, LATER + 1), joined(NORTE, SUL, LATER + 2))
    assert set(works_at(ada, bruno, sol)) == {"Sul"}
    assert company(NORTE).merged_into == company(SERRA).merged_into == company(SUL)
    assert company(SUL).attributes == {"industry": "mining", "city": "Lages"}
    story.agrees()
    story.hears(parted(SUL, SERRA))
    assert works_at(ada, bruno, sol) == [bruno.company, bruno.company, "Sul"]
    assert company(SUL).attributes == {}
    story.agrees()


def test_companies_of_which_nobody_knows_more_can_be_joined_and_go_when_they_are_apart(story: Following) -> None:
    story.hears(joined(NORTE, OESTE))
    assert (company(OESTE).name, company(OESTE).domain) == ("oeste.example", "oeste.example")
    story.agrees()
    made_again(story)
    assert company(OESTE).merged_into == company(NORTE)
    story.hears(parted(NORTE, OESTE))
    assert not Company.objects.filter(domain="oeste.example").exists()
    story.agrees()


def test_an_owner_follows_from_both_and_is_given_back(story: Following) -> None:
    rosa = User.objects.create_user("rosa@norte.example", name="Rosa", role="sales")
    luis = User.objects.create_user("luis@norte.example", name="Luis", role="sales")
    owners.give_company(company(SERRA), rosa, by=rosa)
    day = (now() // DAY + 1) * DAY
    story.hears(joined(NORTE, SERRA, day))
    assert company(NORTE).owner == rosa
    made_again(story)
    assert company(NORTE).owner == rosa
    story.hears(parted(NORTE, SERRA, day + 1))
    assert (company(NORTE).owner, company(SERRA).owner) == (None, rosa)
    owners.give_company(company(NORTE), luis, by=rosa)
    story.hears(joined(NORTE, SERRA, day + 2))
    assert company(NORTE).owner == luis
    story.agrees()
    story.hears(parted(NORTE, SERRA, day + 3))
    assert (company(NORTE).owner, company(SERRA).owner) == (luis, rosa)


def test_an_owner_given_on_a_page_that_was_joined_meanwhile_is_the_owner_people_see(story: Following) -> None:
    rosa = User.objects.create_user("rosa@norte.example", name="Rosa", role="sales")
    luis = User.objects.create_user("luis@norte.example", name="Luis", role="sales")
    owners.give_company(company(SERRA), rosa, by=rosa)
    read = company(SERRA)
    story.hears(joined(NORTE, SERRA, now()))
    owners.give_company(read, luis, by=rosa)
    assert (company(NORTE).owner, company(SERRA).given_owner) == (luis, rosa)
    story.agrees()
    story.hears(parted(NORTE, SERRA, now()))
    assert (company(NORTE).owner, company(SERRA).owner) == (luis, rosa)
    story.agrees()


def test_an_owner_given_while_owners_are_worked_out_stays(story: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    rosa = User.objects.create_user("rosa@norte.example", name="Rosa", role="sales")
    luis = User.objects.create_user("luis@norte.example", name="Luis", role="sales")
    owners.give_company(company(NORTE), rosa, by=rosa)
    read, merges, gives = company(NORTE), owners._merges, list[Thread]()

    def give() -> None:
        owners.give_company(read, luis, by=rosa)
        connection.close()

    def given_meanwhile(*asked: Any) -> Any:
        """Decisions are read and owners not written: somebody gives the company, or waits until they are."""
        if not gives:
            gives.append(Thread(target=give))
            gives[0].start()
            gives[0].join(timeout=1)
        return merges(*asked)

    monkeypatch.setattr(owners, "_merges", given_meanwhile)
    with transaction.atomic():
        owners.settle({subject_of(NORTE): [subject_of(NORTE), subject_of(SERRA)]}, owners.COMPANIES)
    gives[0].join()
    assert (company(NORTE).owner, company(NORTE).given_owner) == (luis, luis)
    story.agrees()


def test_many_joins_are_settled_some_at_a_time(story: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company_joins, "PIECE", 3)
    many = [(f"company:a{n}.example", f"company:b{n}.example") for n in range(10)]
    for each in (each for pair in many for each in pair):
        monkeypatch.setitem(CALLED, each, each.removeprefix("company:"))
    story.log.append([fact for n, pair in enumerate(many) for fact in joined(*pair, LATER + n)])
    while story.follower.step():
        pass
    waiting, more = unsettled(), True
    assert waiting
    while more:
        with CaptureQueriesContext(connection) as asked:
            more = company_joins.settle_some()
        left = unsettled()
        assert waiting - left <= 3 and more == bool(left)
        assert len([each for each in asked if "leads_companymerge" in each["sql"]]) <= 2
        waiting = left
    assert Company.objects.exclude(merged_into=None).count() == 10
    story.agrees()


def unsettled() -> int:
    """How many companies wait to be settled."""
    return Company.objects.exclude(unsettled_after=None).count()


def test_nobody_is_settled_while_people_are_on_their_way(story: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    rosa = User.objects.create_user("rosa@norte.example", name="Rosa", role="sales")
    owners.give_company(company(SUL), rosa, by=rosa)
    crowd = [replace(sol, mail=f"n{n}@gmail.com", browser=f"n{n}") for n in range(5)]
    story.hears(*(each.submits("contact") for each in crowd))
    story.hears(joined(NORTE, SUL))
    monkeypatch.setattr(company_joins, "SLICE", 1)
    monkeypatch.setattr(company_joins, "PIECE", 1)
    story.log.append(parted(NORTE, SUL))
    while story.follower.step():
        pass
    while works_at(sol, *crowd).count("Sul") < 6:
        assert unsettled() == 2
        assert company_joins.settle_some()
    story.follower.catch_up()
    assert not company_joins.pending() and company(SUL).owner == rosa
    story.agrees()


def test_a_company_that_goes_by_its_name_is_called_again_what_people_call_it(story: Following) -> None:
    luz = replace(sol, mail="luz@gmail.com", browser="luz", company="Oficina")
    named = "company:name:oficina"
    story.hears(states(named, MONDAY + 2, name="Oficina & Hijos"))
    story.hears(luz.submits("contact"))
    assert company(named).name == "Oficina & Hijos"
    story.hears(states(named, LATER, name=None))
    assert company(named).name == "Oficina"
    story.agrees()


def test_whoever_nothing_is_recorded_of_any_more_has_no_identifier(story: Following) -> None:
    assert identifier_of(company(SUL), story.log) == SUL
    Company.objects.filter(pk=subject_of(SUL)).update(name="Grupo")
    with pytest.raises(Untold, match="Grupo"):
        identifier_of(company(SUL), story.log)
    Company.objects.filter(pk=subject_of(SERRA)).update(name="Grupo", domain="")
    assert identifier_of(company(SERRA), story.log) == SERRA  # what was stated of it tells


def test_the_check_takes_whatever_a_company_was_called_when_it_was_joined(
    story: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.hears(Someone("Leo", "leo@oeste.example", browser="leo").submits("contact"))
    for name, other, at in (("Oeste Ltda", SUL, LATER + 1), ("Oeste", SERRA, LATER)):
        monkeypatch.setitem(CALLED, OESTE, name)
        story.hears(joined(OESTE, other, at))
    assert company(OESTE).name == "Oeste Ltda"
    story.agrees()


def test_many_people_follow_some_at_a_time_and_a_crash_between_leaves_nobody_behind(
    story: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = [replace(bruno, mail=f"n{n}@serra.example", browser=f"n{n}") for n in range(9)]
    story.hears(*(each.submits("contact") for each in crowd))
    monkeypatch.setattr(company_joins, "SLICE", 2)
    story.log.append(joined(NORTE, SERRA))
    story.follower.step()
    assert company_joins.pending() and works_at(*crowd).count(ada.company) < 9
    Follower(story.config, story.log).catch_up()
    assert not company_joins.pending() and works_at(bruno, *crowd) == [ada.company] * 10
    story.agrees()
    story.log.append(parted(NORTE, SERRA))
    story.follower.forget()
    while story.follower.step():
        pass
    assert company_joins.pending()
    Follower(story.config, story.log).catch_up()
    assert works_at(ada, bruno, *crowd) == [ada.company, *[bruno.company] * 10]
    assert company(SERRA).domain == "serra.example"
    story.agrees()


def test_an_erasure_takes_the_people_of_joined_companies_out_and_the_companies_when_they_are_apart(
    story: Following,
) -> None:
    story.hears(joined(NORTE, SUL))
    erase(sol.subject, by="Luis", why="he asked", log=story.log)
    story.follower.catch_up()
    assert not Person.objects.filter(mail=sol.mail).exists()
    story.agrees()
    story.hears(parted(NORTE, SUL))
    assert not Company.objects.filter(name="Sul").exists()
    story.agrees()


def test_a_domain_called_free_mail_is_no_way_to_the_survivor_any_more(story: Following) -> None:
    story.hears(joined(NORTE, SERRA))
    free_mail.say("serra.example", free=True)
    story.follower.catch_up()
    assert works_at(ada, bruno) == [ada.company, bruno.company]
    assert Person.objects.get(mail=bruno.mail).company_id == subject_of(f"company:name:{'serra azul energia'}")
    story.agrees()


def test_what_was_said_of_companies_stays_whatever_retention_says() -> None:
    assert {"companies_merged", "companies_unmerged"} <= STAYING


def test_only_people_here_join_companies(story: Following) -> None:
    (fact,) = joined(NORTE, SERRA)
    story.hears([replace(fact, source="import", door=Door.IMPORT)])
    assert works_at(ada, bruno) == [ada.company, bruno.company]
    assert not CompanyMerge.objects.exists()
    story.agrees()


def test_a_filter_by_a_company_that_was_joined_asks_for_whose_page_it_has(story: Following) -> None:
    from django.http import QueryDict

    story.hears(joined(NORTE, SERRA))
    (asked,) = read(QueryDict(f"company={subject_of(SERRA)}"))
    assert asked.company == company(NORTE)
    assert asked.query == [("company", str(subject_of(SERRA)))]


def test_the_check_finds_what_differs(story: Following) -> None:
    story.hears(joined(NORTE, SERRA))
    Company.objects.filter(pk=subject_of(SERRA)).update(merged_into=None)
    with pytest.raises(AssertionError, match="whose page company"):
        story.agrees()
    Company.objects.filter(pk=subject_of(SERRA)).update(merged_into=company(NORTE))
    CompanyMerge.objects.all().delete()
    with pytest.raises(AssertionError, match="companies joined"):
        story.agrees()
