"""Who looks after a person: by hand, by accepting a hand-off, through merges and their end, and after an erasure."""

import pytest

from embudo.accounts import audit
from embudo.accounts.models import AuditEntry, User
from embudo.core.event import DAY
from embudo.leads import owners, rebuild
from embudo.leads.clock import now
from embudo.leads.erasure import erase
from embudo.leads.models import OwnerChange, Person
from tests.cast import MONDAY, Someone, ada, bruno, clara
from tests.leads.conftest import Following
from tests.leads.races import meanwhile
from tests.leads.test_identity import merged


@pytest.fixture
def rosa(db: None) -> User:
    return User.objects.create_user("rosa@norte.example", name="Rosa", role="sales")


@pytest.fixture
def luis(db: None) -> User:
    return User.objects.create_user("luis@norte.example", name="Luis", role="sales")


@pytest.fixture(autouse=True)
def people(following: Following) -> None:
    following.hears(ada.submits("contact"), bruno.submits("contact"), clara.submits("contact"))


def gives(who: Someone, to: User | None) -> None:
    owners.give(Person.objects.get(pk=who.subject), to, by=User.objects.first())


def owner(who: Someone) -> str:
    return str(Person.objects.get(pk=who.subject).owner or "")


def joins(following: Following, one: Someone, other: Someone, at: int = 0) -> None:
    following.hears(merged(one.subject, other.subject, at=at or now()))


def parts(following: Following, one: Someone, other: Someone) -> None:
    following.hears(merged(one.subject, other.subject, kind="people_unmerged", at=now()))


def test_every_change_is_in_the_trail(rosa: User) -> None:
    gives(ada, rosa)
    gives(ada, None)
    told = [audit.sentence(entry) for entry in AuditEntry.objects.order_by("id")]
    assert told == ["gave Ada Okafor to Rosa (before: nobody)", "gave Ada Okafor to nobody (before: Rosa)"]


def test_a_merge_keeps_the_survivors_owner_and_an_unmerge_both(following: Following, rosa: User, luis: User) -> None:
    gives(ada, rosa)
    gives(bruno, luis)
    joins(following, ada, bruno)
    assert owner(ada) == "Rosa"
    parts(following, ada, bruno)
    assert (owner(ada), owner(bruno)) == ("Rosa", "Luis")


def test_who_has_no_owner_takes_that_of_whom_they_absorb_until_the_two_are_apart(
    following: Following, luis: User
) -> None:
    gives(bruno, luis)
    joins(following, ada, bruno)
    assert owner(ada) == "Luis"
    parts(following, ada, bruno)
    assert (owner(ada), owner(bruno)) == ("", "Luis")


def test_what_is_decided_on_the_joint_page_stays_with_the_survivor(
    following: Following, rosa: User, luis: User
) -> None:
    gives(bruno, luis)
    joins(following, ada, bruno)
    gives(ada, None)
    joins(following, ada, clara)
    assert owner(ada) == ""
    gives(ada, rosa)
    parts(following, ada, bruno)
    assert (owner(ada), owner(bruno)) == ("Rosa", "Luis")


def test_a_chain_comes_apart_in_any_order(following: Following, luis: User) -> None:
    gives(ada, luis)
    joins(following, bruno, ada)
    joins(following, clara, bruno)
    assert owner(clara) == "Luis"
    parts(following, clara, bruno)
    assert (owner(clara), owner(bruno)) == ("", "Luis")
    parts(following, bruno, ada)
    assert (owner(bruno), owner(ada)) == ("", "Luis")


def test_owners_survive_a_rebuild(following: Following, rosa: User, luis: User) -> None:
    gives(bruno, luis)
    gives(clara, rosa)
    joins(following, ada, bruno)
    rebuild.ask(following.log)
    while rebuild.running():
        following.follower.advance_rebuild()
    assert (owner(ada), owner(clara)) == ("Luis", "Rosa")
    parts(following, ada, bruno)
    assert (owner(ada), owner(bruno)) == ("", "Luis")


def test_a_visitor_keeps_their_owner_when_they_turn_out_to_be_somebody_known(
    following: Following, rosa: User, luis: User
) -> None:
    other = ada.on_another_browser("ada-tablet")
    following.hears(other.journey(MONDAY + DAY).visits("/pricing"))
    owners.give(Person.objects.get(pk=other.visitor), rosa, by=rosa)
    following.hears(other.journey(MONDAY + 2 * DAY).submits("contact"))
    assert owner(ada) == "Rosa"
    gives(ada, luis)
    assert owner(ada) == "Luis"


def test_an_acceptance_taken_back_takes_its_owner_back_unless_somebody_decided_since(rosa: User, luis: User) -> None:
    person = Person.objects.get(pk=ada.subject)
    owners.give(person, rosa, by=rosa, fact="accepted-1")
    person.refresh_from_db()
    owners.take_back(person, by=rosa, fact="accepted-1")
    assert owner(ada) == "" and not OwnerChange.objects.exists()
    person.refresh_from_db()
    owners.give(person, rosa, by=rosa, fact="accepted-2")
    gives(ada, luis)
    owners.take_back(Person.objects.get(pk=ada.subject), by=rosa, fact="accepted-2")
    assert owner(ada) == "Luis"


def test_an_erasure_leaves_no_name_and_no_decision(following: Following, rosa: User) -> None:
    gives(ada, rosa)
    gives(bruno, rosa)
    erase(ada.subject, by="ana", why="she asked", log=following.log)
    following.follower.catch_up()
    assert list(AuditEntry.objects.order_by("id").values_list("about", flat=True)) == ["—", "Bruno Nogueira"]
    assert list(OwnerChange.objects.values_list("person_id", flat=True)) == [bruno.subject]


def test_who_was_merged_meanwhile_is_decided_on_as_whom_they_are_now(following: Following, luis: User) -> None:
    seen = Person.objects.get(pk=bruno.subject)
    joins(following, ada, bruno)
    owners.give(seen, luis, by=luis, fact="accepted")
    assert owner(ada) == "Luis"
    following.agrees()
    owners.take_back(seen, by=luis, fact="accepted")
    assert owner(ada) == ""
    following.agrees()


def test_of_two_who_accept_at_once_the_first_keeps_the_person(rosa: User, luis: User) -> None:
    seen = Person.objects.get(pk=ada.subject)
    owners.give(seen, rosa, by=rosa, if_free=True)
    owners.give(seen, luis, by=luis, if_free=True)
    assert owner(ada) == "Rosa" and OwnerChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_owner_given_while_follow_merges_is_not_lost(following: Following, luis: User) -> None:
    """PostgreSQL lets both write at once: whoever follows waits for the row, or the giver for whom it is by then."""
    with meanwhile(lambda: gives(bruno, luis)):
        joins(following, ada, bruno)
    assert owner(ada) == "Luis"
    following.agrees()
