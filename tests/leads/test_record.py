import pytest
from django.contrib.auth import get_user_model

from embudo.core.event import Door, subject_of
from embudo.eventlog import Cursor
from embudo.leads.models import Person
from embudo.leads.record import NotRecorded, Saying, UnknownKind, fact_of, record, record_all, wait_until_followed
from tests.cast import ada, bruno
from tests.leads.conftest import Following, moves_of


def test_a_stage_set_by_hand_is_a_fact_that_names_who_said_so(following: Following) -> None:
    following.hears(ada.submits("contact"))
    user = get_user_model().objects.create_user("luis@norte.example", "a long password", name="Luis")
    record("stage_set", person=ada.subject, props={"stage": "prospect"}, id="f1", by=user, log=following.log)
    following.follower.catch_up()

    assert moves_of(following.person(ada))[-1] == ("lead", "prospect")
    fact = following.log.history([ada.subject])[-1]
    assert (fact.source, fact.door, fact.context) == ("app", Door.APP, {"by": user.pk, "by_name": "Luis"})


def test_a_double_click_is_one_fact_and_another_content_under_its_id_is_refused(following: Following) -> None:
    following.hears(ada.submits("contact"))
    said = {"person": ada.subject, "id": "f1", "by": "Luis", "log": following.log}
    first = record("stage_set", props={"stage": "prospect"}, **said)
    second = record("stage_set", props={"stage": "prospect"}, **said)
    assert (first.offset, first.shard) == (second.offset, second.shard)

    with pytest.raises(NotRecorded, match="conflict"):
        record("stage_set", props={"stage": "customer"}, **said)


def test_waiting_ends_when_the_fact_is_followed_or_patience_does(following: Following) -> None:
    following.hears(ada.submits("contact"))
    receipt = record("note_written", person=ada.subject, props={"text": "x"}, id="n", by="Luis", log=following.log)
    assert not wait_until_followed(receipt, 0.05)

    following.follower.catch_up()
    assert wait_until_followed(receipt, 0)


def test_somebody_new_is_named_by_their_traits(following: Following) -> None:
    record("profile_changed", props={"traits": bruno.traits}, id="p", by="Luis", log=following.log)
    following.follower.catch_up()
    assert following.person(bruno).stage == "lead"

    with pytest.raises(ValueError, match="needs traits"):
        record("profile_changed", props={"traits": {"name": "Nobody"}}, id="q", by="Luis", log=following.log)


def test_a_visitor_whom_somebody_names_by_hand_is_known(following: Following) -> None:
    following.hears(ada.visits("/"))
    props = {"traits": {"name": "Ada O."}}
    record("profile_changed", person=ada.visitor, props=props, id="p", by="Luis", log=following.log)
    following.follower.catch_up()

    person = Person.objects.get()
    assert (person.known, person.name, person.stage, person.events) == (True, "Ada O.", "lead", 1)
    following.agrees()


def test_only_kinds_for_people_are_recorded(following: Following) -> None:
    with pytest.raises(UnknownKind):
        record("page_viewed", person=1, props={}, id="x", by="Luis", log=following.log)
    assert following.log.end() == Cursor()


def test_of_many_facts_said_at_once_the_later_one_stands(following: Following) -> None:
    cities = ("León", "Celaya", "Irapuato")
    sayings = [
        Saying("profile_changed", {"traits": {"email": ada.mail, "city": city}}, f"c{9 - place}", user_id="crm-7")
        for place, city in enumerate(cities)
    ]
    receipts = record_all(sayings, by="CRM", log=following.log)
    following.follower.catch_up()
    assert [receipt.offset for receipt in receipts] == [1, 2, 3]
    assert following.person(ada).attributes["city"] == "Irapuato"  # though its id comes first
    assert following.person(ada).id == subject_of("user:crm-7")
    following.agrees()

    with pytest.raises(UnknownKind):
        record_all([*sayings, Saying("person_erased", {}, "x", 1)], by="CRM", log=following.log)
    with pytest.raises(ValueError, match="needs traits"):
        record_all([Saying("profile_changed", {"traits": {}}, "y")], by="CRM", log=following.log)
    assert following.log.end() == Cursor({receipts[0].shard: following.follower.cursor.offset(receipts[0].shard)})


def test_a_fact_that_nobody_says_names_nobody() -> None:
    fact = fact_of(Saying("person_erased", {}, "erased-7", 7, at=5), moment=9)
    assert (fact.context, fact.props, fact.subject, fact.at, fact.received_at) == ({}, {}, 7, 5, 9)
    assert fact_of(Saying("note_written", {}, "n", 7), by="Luis").context == {"by": None, "by_name": "Luis"}
