"""Mail domains that people here call nobody's company: what becomes of who is there, and of who comes."""

from dataclasses import replace

import pytest

from embudo.leads import free_mail, rebuild
from embudo.leads.models import Company, FreeMail, Person
from embudo.leads.showing import BadValue
from tests.cast import ada
from tests.leads.conftest import Following

eva = replace(ada, name="Eva Sol", mail="eva@postbox.example", browser="eva", phone="", company="Sol e Hijos")
noa = replace(ada, name="Noa Paz", mail="noa@postbox.example", browser="noa", phone="", company="")


def employers() -> dict[str, str]:
    people = Person.objects.filter(merged_into=None).select_related("company")
    return {each.mail: each.company.name if each.company else "" for each in people}


def test_a_domain_called_free_is_a_company_no_more_for_whoever_is_there_and_whoever_comes(following: Following) -> None:
    following.hears(ada.submits("contact"), eva.submits("contact"), noa.submits("contact"))
    assert Company.objects.filter(domain="postbox.example").count() == 1

    assert free_mail.say("postbox.example", free=True)
    assert free_mail.pending()
    following.follower.catch_up()

    assert not Company.objects.filter(domain="postbox.example").exists()
    assert employers() == {ada.mail: ada.company, eva.mail: "Sol e Hijos", noa.mail: ""}
    assert not free_mail.pending()
    following.agrees()

    following.hears(replace(noa, mail="leo@postbox.example", browser="leo").submits("contact"))
    assert employers()["leo@postbox.example"] == ""
    following.agrees()


def test_what_is_taken_back_is_as_before_and_a_rebuild_says_the_same(following: Following) -> None:
    following.hears(eva.submits("contact"), noa.submits("contact"))
    free_mail.say("postbox.example", free=True)
    following.follower.catch_up()
    rebuild.ask(following.log)
    while rebuild.running():
        following.follower.advance_rebuild()
    assert employers() == {eva.mail: "Sol e Hijos", noa.mail: ""}
    following.agrees()

    free_mail.say("postbox.example", free=False)
    following.follower.catch_up()
    assert set(Person.objects.values_list("company__domain", flat=True)) == {"postbox.example"}
    following.agrees()


def test_many_people_are_brought_in_line_a_slice_at_a_time(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_mail, "SLICE", 2)
    crowd = [replace(noa, mail=f"n{n}@postbox.example", browser=f"n{n}") for n in range(5)]
    following.hears(*(each.submits("contact") for each in crowd))
    free_mail.say("postbox.example", free=True)
    following.follower.catch_up()
    assert set(employers().values()) == {""} and len(employers()) == 5
    following.agrees()


def test_what_facts_say_of_such_a_company_stays(following: Following) -> None:
    following.hears(noa.submits("contact"))
    Company.objects.update(attributes={"industry": "post"})
    free_mail.say("postbox.example", free=True)
    following.follower.catch_up()
    assert Company.objects.get().attributes == {"industry": "post"}
    assert employers() == {noa.mail: ""}


def test_the_same_said_twice_is_nothing_new(db: None) -> None:
    assert not free_mail.say("postbox.example", free=False)
    assert free_mail.say("postbox.example", free=True)
    assert not free_mail.say("postbox.example", free=True)
    assert FreeMail.objects.count() == 1 and free_mail.own() == {"postbox.example"}


@pytest.mark.parametrize("typed", [" Postbox.example ", "@postbox.example", "eva@postbox.example"])
def test_a_domain_is_typed_as_it_comes(typed: str) -> None:
    assert free_mail.domain_typed(typed) == "postbox.example"


@pytest.mark.parametrize("typed", ["", "postbox", "a b.example", "<b>.example", "gmail.com", f"{'a' * 260}.example"])
def test_what_is_no_domain_or_known_already_is_refused(typed: str) -> None:
    with pytest.raises(BadValue):
        free_mail.domain_typed(typed)
