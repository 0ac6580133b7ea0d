"""Claims about who is who are believed by evidence, and every decision can be replayed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.core import identity
from embudo.core.event import Door, Event, subject_of
from embudo.core.identity import (
    Claim,
    Dispute,
    Identity,
    Link,
    Merge,
    Strength,
    claim_of,
    identifiers,
    social_identifier,
)
from tests.cast import ada, bruno, clara


def fact(identifier: str, /, *, door: Door = Door.PUBLIC, kind: str = "page_viewed", **more: object) -> Event:
    props = {key: value for key, value in more.items() if key not in ("anonymous_id", "user_id")}
    return Event(
        "s", identifier, kind, 1, 1, 1, identifier, subject_of(identifier), door=door, props=props,
        anonymous_id=more.get("anonymous_id"), user_id=more.get("user_id"),
    )  # type: ignore[arg-type]  # fmt: skip


def take(known: Identity, event: Event) -> list[identity.Decision]:
    """Decide on one fact as follow does: see it, decide, and apply the decisions."""
    claim = identity.claim_of(event)
    decisions = identity.decide(claim, known.owner_of, known.apart) if claim else []
    known.see(event)
    for each in decisions:
        match each:
            case Link(identifier, person, _, strength):
                known.link(identifier, person, strength)
            case Merge(survivor, absorbed, _):
                known.merge(survivor, absorbed)
    return decisions


def form(mail: str, browser: str, **more: object) -> Event:
    return fact(f"mail:{mail}", kind="form_submitted", anonymous_id=browser, traits={"email": mail}, **more)


def user(user_id: str, mail: str, door: Door = Door.SECRET) -> Event:
    return fact(f"user:{user_id}", door=door, kind="profile_changed", user_id=user_id, traits={"email": mail})


def test_mail_addresses_are_lower_case_and_checked() -> None:
    assert identity.mail_identifier("  Ada@Norte.Example ") == "mail:ada@norte.example"
    for text in ("ada", "ada@norte", "a b@c.co", "", None, 7, "a@b@c.co", "x" * 300 + "@a.co"):
        assert identity.mail_identifier(text) is None


def test_phones_are_international_numbers() -> None:
    assert identity.phone_identifier("+52 (81) 8123-4567") == "phone:+528181234567"
    for text in ("8123 4567", "+0123456789", "", None, "+1"):
        assert identity.phone_identifier(text) is None


def test_a_user_id_is_strongest_from_a_server_and_weaker_than_a_mail_from_a_page() -> None:
    given_ = {"user_id": "7", "anonymous_id": "b", "traits": {"email": "a@b.co", "phone": "+528181234567"}}
    server = identity.identifiers(door=Door.SECRET, **given_)
    page = identity.identifiers(door=Door.PUBLIC, **given_)
    assert server == ("user:7", "mail:a@b.co", "phone:+528181234567", "anon:b")
    assert page == ("mail:a@b.co", "phone:+528181234567", "user:7", "anon:b")


def test_a_page_view_and_a_machine_claim_nothing() -> None:
    assert identity.claim_of(fact("anon:b", anonymous_id="b")) is None
    assert identity.claim_of(ada.by_machine().submits("guide")[0]) is None
    assert identity.claim_of(fact("daily:x")) is None


def test_a_form_gives_the_browser_to_the_person_of_the_mail() -> None:
    known = Identity()
    known.see(ada.visits("/")[0])
    decisions = take(known, ada.submits("guide")[0])
    assert Link(ada.anonymous, ada.subject, "form", Strength.CLAIMED) in decisions
    assert known.person_of(ada.anonymous) == ada.subject


def test_a_second_browser_joins_the_same_person() -> None:
    known = Identity()
    take(known, form("a@b.co", "laptop"))
    take(known, form("a@b.co", "phone"))
    assert known.person_of("anon:laptop") == known.person_of("anon:phone") == subject_of("mail:a@b.co")


def test_two_people_on_one_browser_stay_two_and_the_first_keeps_it() -> None:
    known = Identity()
    take(known, form("a@b.co", "shared"))
    assert take(known, form("c@d.co", "shared")) == [
        Dispute("anon:shared", subject_of("mail:a@b.co"), subject_of("mail:c@d.co"), "form")
    ]
    assert known.person_of("anon:shared") == subject_of("mail:a@b.co")


def test_stronger_evidence_moves_a_browser() -> None:
    known = Identity()
    take(known, fact("mail:a@b.co", kind="mail_clicked", anonymous_id="x"))
    assert known.person_of("anon:x") == subject_of("mail:a@b.co")
    take(known, form("c@d.co", "x"))
    assert known.person_of("anon:x") == subject_of("mail:c@d.co")


def test_an_office_mailbox_links_no_browser() -> None:
    known = Identity()
    assert take(known, form("ventas@b.co", "x")) == []
    assert identity.is_role_mailbox("mail:info+fair@b.co")
    assert not identity.is_role_mailbox("mail:ines@b.co")


def test_a_public_page_never_merges_two_known_people() -> None:
    known = Identity()
    take(known, user("1", "a@b.co"))
    take(known, user("2", "c@d.co"))
    decisions = take(known, fact("mail:a@b.co", user_id="2", kind="profile_changed", traits={"email": "a@b.co"}))
    assert [type(each) for each in decisions] == [Dispute]
    assert known.person_of("user:1") != known.person_of("user:2")


def test_a_server_merges_the_lead_of_a_form_into_its_user() -> None:
    known = Identity()
    take(known, form("a@b.co", "x"))
    known.see(fact("user:1", door=Door.SECRET, user_id="1"))
    take(known, user("1", "a@b.co"))
    assert known.person_of("anon:x") == known.person_of("user:1") == subject_of("user:1")


def test_two_accounts_with_one_mail_stay_two_people() -> None:
    known = Identity()
    take(known, user("1", "a@b.co"))
    known.see(fact("user:2", door=Door.SECRET, user_id="2"))
    assert [type(each) for each in take(known, user("2", "a@b.co"))] == [Dispute]


def test_an_office_phone_does_not_join_two_mail_addresses() -> None:
    known = Identity()
    phone = "+528181234567"
    take(known, fact("mail:a@b.co", door=Door.SECRET, traits={"email": "a@b.co", "phone": phone}))
    decisions = take(known, fact("mail:c@b.co", door=Door.SECRET, traits={"email": "c@b.co", "phone": phone}))
    assert [type(each) for each in decisions] == [Dispute]


def test_a_false_claim_on_a_user_id_falls_when_the_server_speaks() -> None:
    known = Identity()
    take(known, fact("mail:mallory@evil.co", user_id="1", traits={"email": "mallory@evil.co"}))
    assert known.person_of("user:1") == subject_of("mail:mallory@evil.co")
    take(known, user("1", "ada@norte.example"))
    assert known.person_of("user:1") == known.person_of("mail:ada@norte.example") == subject_of("user:1")
    assert known.person_of("mail:mallory@evil.co") != known.person_of("user:1")


def test_a_true_claim_on_a_user_id_stays_when_the_server_agrees() -> None:
    known = Identity()
    take(known, fact("mail:a@b.co", user_id="1", traits={"email": "a@b.co"}))
    take(known, user("1", "a@b.co"))
    assert known.person_of("user:1") == known.person_of("mail:a@b.co") == subject_of("mail:a@b.co")


def test_unmerge_gives_everyone_back_what_they_came_by_and_keeps_them_apart() -> None:
    known = Identity()
    take(known, form("a@b.co", "x"))
    known.see(fact("user:1", door=Door.SECRET, user_id="1"))
    take(known, user("1", "a@b.co"))
    known.unmerge(subject_of("user:1"), subject_of("mail:a@b.co"))
    assert known.person_of("anon:x") == known.person_of("mail:a@b.co") == subject_of("mail:a@b.co")
    assert known.person_of("user:1") == subject_of("user:1")
    assert [type(each) for each in take(known, user("1", "a@b.co"))] == [Dispute]


def test_merging_into_oneself_or_twice_changes_nothing() -> None:
    known = Identity()
    known.merge(1, 1)
    known.merge(1, 2)
    known.merge(1, 2)
    known.merge(2, 1)
    assert known.merged == {2: 1}
    assert known.root(2) == 1


def test_identity_facts_replay_to_the_same_answer() -> None:
    known, replayed = Identity(), Identity()
    for event in (form("a@b.co", "x"), form("c@d.co", "y")):
        for each in take(known, event):
            assert isinstance(each, Link)
            props = {"identifier": each.identifier, "person": each.person, "strength": int(each.strength)}
            replayed.see(fact(each.identifier, door=Door.SYSTEM, kind="identity_linked", **props))
        replayed.see(event)
    replayed.see(fact("person:5", door=Door.APP, kind="people_merged", survivor=5, absorbed=6))
    replayed.see(fact("person:5", door=Door.APP, kind="people_unmerged", survivor=5, absorbed=6))
    assert replayed.links == known.links
    assert replayed.apart(5, 6)


def test_what_a_page_says_is_no_identity_fact() -> None:
    known = Identity()
    known.see(fact("anon:x", kind="people_merged", survivor=1, absorbed=2))
    assert known.merged == {}


@pytest.mark.parametrize(
    ("kind", "door", "evidence", "strength"),
    [
        ("form_submitted", Door.PUBLIC, "form", Strength.CLAIMED),
        ("mail_clicked", Door.SYSTEM, None, None),
        ("mail_clicked", Door.SECRET, "mail_click", Strength.CLICKED),
        ("mail_confirmed", Door.PUBLIC, "confirmation", Strength.CONFIRMED),
        ("identity_claimed", Door.PUBLIC, "alias", Strength.CLAIMED),
        ("profile_changed", Door.IMPORT, "import", Strength.STATED),
        ("profile_changed", Door.APP, "by_hand", Strength.BY_HAND),
        ("profile_changed", Door.SECRET, "identify", Strength.STATED),
    ],
)
def test_evidence_is_named_and_weighed_by_kind_and_door(
    kind: str, door: Door, evidence: str | None, strength: Strength | None
) -> None:
    claim = identity.claim_of(fact("mail:a@b.co", kind=kind, door=door, anonymous_id="x"))
    assert claim == (Claim("mail:a@b.co", ("anon:x",), evidence, strength) if evidence and strength else None)


PEOPLE = (ada, bruno, clara)


@given(st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from("xyz")), max_size=12))
def test_a_browser_always_belongs_to_the_first_who_claimed_it(claims: list[tuple[object, str]]) -> None:
    known = Identity()
    first: dict[str, str] = {}
    for who, browser in claims:
        take(known, form(who.mail, browser))  # type: ignore[attr-defined]
        first.setdefault(browser, who.mail)  # type: ignore[attr-defined]
    for browser, mail in first.items():
        assert known.person_of(f"anon:{browser}") == subject_of(f"mail:{mail}")


def test_a_property_called_previous_id_claims_nothing_unless_it_is_an_alias() -> None:
    renewed = fact("user:42", door=Door.SECRET, user_id="42", kind="subscription_renewed", previous_id="1041")
    assert claim_of(renewed) is None
    alias = fact("user:42", door=Door.SECRET, user_id="42", kind="identity_claimed", previous_id="1041")
    assert claim_of(alias).others == ("user:1041",)


def test_one_claim_does_not_join_two_mail_addresses_by_a_phone_either() -> None:
    known, phone = Identity(), "+528181234567"
    take(known, fact("mail:c@x.mx", door=Door.SECRET, traits={"email": "c@x.mx", "phone": phone}))
    traits = {"phone": phone, "email": "a@x.mx"}
    decisions = take(known, fact("user:1", door=Door.SECRET, user_id="1", traits=traits))
    assert [type(each) for each in decisions] == [Link, Dispute]
    assert known.person_of("mail:c@x.mx") != known.person_of("user:1") == known.person_of("mail:a@x.mx")


def test_a_person_named_twice_in_a_claim_is_merged_once() -> None:
    known, phone = Identity(), "+528181234567"
    take(known, fact("mail:c@x.mx", door=Door.SECRET, traits={"email": "c@x.mx", "phone": phone}))
    known.see(fact("user:1", door=Door.SECRET, user_id="1"))
    traits = {"phone": phone, "email": "c@x.mx"}
    decisions = take(known, fact("user:1", door=Door.SECRET, user_id="1", traits=traits))
    assert [type(each) for each in decisions] == [Merge]


def test_two_people_taken_apart_stay_so_when_one_is_merged_into_a_third() -> None:
    known = Identity()
    for mail in ("a@x.mx", "b@x.mx", "c@x.mx"):
        known.see(fact(f"mail:{mail}", door=Door.SECRET, traits={"email": mail}))
    a, b, c = (subject_of(f"mail:{name}@x.mx") for name in "abc")
    known.merge(a, b)
    known.unmerge(a, b)
    known.merge(c, a)
    assert known.apart(c, b) and not known.apart(a, c)
    known.merge(c, b)
    known.unmerge(c, b)
    assert known.apart(c, b)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["+5281812345670", "+5281812345671"]))))
def test_no_claim_joins_people_of_different_mail_addresses_by_a_phone(said: list[tuple[str, str]]) -> None:
    known = Identity()
    for number, (name, phone) in enumerate(said):
        mail = f"{name}@x.mx"
        take(known, fact(f"user:{number}", door=Door.SECRET, user_id=str(number), traits={"phone": phone}))
        take(known, fact(f"mail:{mail}", door=Door.SECRET, traits={"email": mail, "phone": phone}))
    people = {known.person_of(f"mail:{name}@x.mx") for name, _ in said}
    assert len(people) == len({name for name, _ in said})


@pytest.mark.parametrize(("network", "text", "named"), [
    ("linkedin", "https://www.linkedin.com/in/Ana-Ruiz/", "social:linkedin/ana-ruiz"),
    ("linkedin", "linkedin.com/in/ana-ruiz?trk=x", "social:linkedin/ana-ruiz"),
    ("linkedin", "https://mx.linkedin.com/in/ana-ruiz", "social:linkedin/ana-ruiz"),
    ("linkedin", "https://www.linkedin.com/company/norte", None),
    ("linkedin", "https://evil.example/linkedin.com/in/ana", None),
    ("twitter", "https://x.com/AnaRuiz", "social:twitter/anaruiz"),
    ("twitter", "https://twitter.com/share?url=x", None),
    ("facebook", "https://www.facebook.com/ana.ruiz", "social:facebook/ana.ruiz"),
    ("facebook", "https://www.facebook.com/profile.php?id=5", None),
    ("instagram", "instagram.com/ana", "social:instagram/ana"),
    ("instagram", 7, None),
])  # fmt: skip
def test_an_address_of_a_profile_names_somebody(network: str, text: object, named: str | None) -> None:
    assert social_identifier(network, text) == named


def test_a_profile_names_somebody_in_imports_and_by_hand_but_not_where_anybody_may_claim_it() -> None:
    traits = {"email": "ana@norte.mx", "linkedin": "linkedin.com/in/ana"}
    for door in Door:
        found = identifiers(door=door, user_id=None, anonymous_id=None, traits=traits)
        assert ("social:linkedin/ana" in found) == (door in (Door.IMPORT, Door.APP))


def test_what_was_released_or_parted_is_as_if_it_had_not_been_decided() -> None:
    who = Identity()
    for identifier in ("mail:a@b.mx", "phone:+525512345678"):
        who.see(fact(identifier, door=Door.IMPORT))
    mail, phone = subject_of("mail:a@b.mx"), subject_of("phone:+525512345678")
    who.link("phone:+525512345678", mail, Strength.STATED)
    who.see(fact("person:1", door=Door.SYSTEM, kind="identity_released", identifier="phone:+525512345678", since=5))
    assert (who.person_of("phone:+525512345678"), who.named(phone)) == (phone, {"phone:+525512345678"})
    who.see(fact("person:1", door=Door.SYSTEM, kind="identity_released", identifier="phone:+525512345678", since=None))
    assert who.owner_of("phone:+525512345678") is None
    who.merge(mail, 7)
    who.see(fact("person:1", door=Door.SYSTEM, kind="people_parted", survivor=mail, absorbed=7))
    assert (who.root(7), who.apart(mail, 7)) == (7, False)
