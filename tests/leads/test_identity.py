from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from embudo.accounts.models import User
from embudo.core import event as core_event
from embudo.core import identity as core_identity
from embudo.core.event import DAY, Door, Event, Verdict, subject_of
from embudo.core.identity import Identity, claim_of, decide, identifiers
from embudo.eventlog import open_log
from embudo.leads import identity as leads_identity
from embudo.leads import owners, rebuild, who
from embudo.leads.clock import now
from embudo.leads.identity import Directory, decision_of, facts_of
from embudo.leads.models import Dispute, Identifier, Merge, Person
from embudo.leads.pointers import Pointers
from tests.cast import MONDAY, Journey, Someone, ada, bruno, clara
from tests.leads.conftest import Following, forget_everything, moves_of, rows

DOORS = st.sampled_from([Door.PUBLIC, Door.SECRET, Door.IMPORT])
NAMES = st.fixed_dictionaries(
    {
        "door": DOORS,
        "mail": st.sampled_from(["", "a@x.example", "b@x.example", "info@x.example"]),
        "phone": st.sampled_from(["", "+528181234567", "+551198765432"]),
        "user": st.sampled_from([None, "1", "2"]),
        "browser": st.sampled_from([None, "one", "two", "three"]),
        "kind": st.sampled_from(["form_submitted", "mail_clicked", "profile_changed", "page_viewed"]),
        "verdict": st.sampled_from([Verdict.HUMAN, Verdict.HUMAN, Verdict.MACHINE]),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(messages=st.lists(NAMES, max_size=25), size=st.integers(1, 25))
def test_a_batch_decides_what_the_plain_reading_decides(transactional_db: None, messages: list, size: int) -> None:
    events = [event for number, message in enumerate(messages) if (event := said(number, message)) is not None]
    plain, directory = Identity(), Directory(Pointers())
    directory.load(events)
    for event in events:
        decided = directory.see(event)
        plain.see(event)
        claim = claim_of(event)
        expected = decide(claim, plain.owner_of, plain.apart) if claim else []
        assert decided == expected
        for fact in facts_of(expected, event, now=0):
            plain.see(fact)
            assert decision_of(fact) in expected
    for event in events:
        assert directory.person_of(event.subject) == plain.person_of(event.identifier)


def said(number: int, message: dict) -> Event | None:
    """A message as an event; None when it names nobody and no browser."""
    traits = {name: message[key] for name, key in (("email", "mail"), ("phone", "phone")) if message[key]}
    carried = identifiers(door=message["door"], user_id=message["user"], anonymous_id=message["browser"], traits=traits)
    if not carried:
        return None
    return Event(
        source="s", id=f"{number:03}", kind=message["kind"], at=MONDAY + number, received_at=0, known_at=0,
        identifier=carried[0], subject=subject_of(carried[0]), door=message["door"], verdict=message["verdict"],
        anonymous_id=message["browser"], user_id=message["user"], props={"traits": traits} if traits else {},
    )  # fmt: skip


def merged(survivor: int, absorbed: int, *, kind: str = "people_merged", at: int = MONDAY + 20 * DAY) -> list[Event]:
    """What a person in the app says of two people."""
    fact = ada.journey(at).through(Door.APP).does(kind, survivor=survivor, absorbed=absorbed)[0]
    return [replace(fact, source="app", identifier=f"person:{survivor}", subject=survivor, anonymous_id=None)]


def test_unmerge_undoes_merge_to_the_last_row(following: Following) -> None:
    following.hears(ada.visits("/pricing").submits("contact").requests("demo"), bruno.visits("/").submits("contact"))
    before = rows()

    following.hears(merged(ada.subject, bruno.subject))
    following.agrees()
    assert Person.objects.get(pk=ada.subject).events == 5
    assert Person.objects.get(pk=bruno.subject).merged_into_id == ada.subject
    assert moves_of(Person.objects.get(pk=bruno.subject)) == []

    following.hears(merged(ada.subject, bruno.subject, kind="people_unmerged", at=MONDAY + 21 * DAY))
    following.agrees()
    assert rows() == before
    assert Merge.objects.get().unmerged_at == MONDAY + 21 * DAY


def test_facts_that_arrive_while_merged_go_back_to_whom_they_name(following: Following) -> None:
    following.hears(ada.submits("contact"), bruno.submits("contact"), merged(ada.subject, bruno.subject))
    following.hears(bruno.journey(MONDAY + 22 * DAY).downloads("guide"))
    assert Person.objects.get(pk=ada.subject).events == 3
    following.hears(merged(ada.subject, bruno.subject, kind="people_unmerged", at=MONDAY + 23 * DAY))

    assert following.person(bruno).events == 2
    following.agrees()


def test_a_merge_of_a_merge_comes_apart_in_any_order(following: Following) -> None:
    following.hears(ada.submits("contact"), bruno.submits("contact"), clara.submits("contact"))
    before = rows()
    following.hears(merged(bruno.subject, clara.subject), merged(ada.subject, bruno.subject, at=MONDAY + 21 * DAY))
    assert Person.objects.get(pk=ada.subject).events == 3
    following.agrees()
    undone = [(ada, bruno, 22), (bruno, clara, 23)]
    for survivor, absorbed, day in undone:
        apart = merged(survivor.subject, absorbed.subject, kind="people_unmerged", at=MONDAY + day * DAY)
        following.hears(apart)
        following.agrees()

    assert rows() == before


def test_a_server_that_knows_both_addresses_merges_two_people_and_a_form_does_not(following: Following) -> None:
    following.hears(ada.submits("contact"), bruno.submits("contact"))
    claims = ada.journey(MONDAY + DAY).does("profile_changed", traits={"email": ada.mail, "phone": bruno.phone})
    following.hears(claims)
    assert Merge.objects.count() == 0
    assert Dispute.objects.get().identifier == f"phone:{bruno.phone}"
    following.agrees()


def test_a_user_id_of_a_server_joins_what_the_same_person_did_by_mail(following: Following) -> None:
    following.hears(ada.submits("contact"))
    told = ada.journey(MONDAY + DAY).through(Door.SECRET).does("profile_changed", traits={"email": ada.mail})[0]
    following.hears([replace(told, identifier="user:7", subject=subject_of("user:7"), user_id="7", anonymous_id=None)])

    assert following.person(ada).events == 2
    assert Identifier.objects.get(identifier="user:7").strength == 6
    assert Merge.objects.get().survivor_id == subject_of("user:7")
    following.agrees()


def test_an_identifier_whose_subject_is_taken_is_refused_and_reported(
    following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = subject_of

    def alike(identifier: str) -> int:
        return ada.subject if identifier == bruno.mailbox else real(identifier)

    for module in (core_event, core_identity, leads_identity, who):
        monkeypatch.setattr(module, "subject_of", alike)
    following.hears(ada.visits("/pricing").submits("contact"))
    before = rows()
    written = [replace(fact, subject=alike(fact.identifier)) for fact in bruno.submits("contact").requests("demo")]
    following.hears(written)
    told = ada.journey(MONDAY + DAY).through(Door.SECRET).does("profile_changed", traits={"email": bruno.mail})[0]
    following.hears([replace(told, identifier="user:7", subject=real("user:7"), user_id="7", anonymous_id=None)])

    assert following.person(ada).events == 2
    assert not Merge.objects.exists() and not Identifier.objects.filter(identifier=bruno.mailbox).exists()
    assert rows()["people"][ada.subject] == before["people"][ada.subject]
    failed = [each for each in following.log.failed() if each.reason == "subject_collision"]
    assert len(failed) == 2 and bruno.mailbox in failed[0].detail
    following.agrees()
    rebuild.ask(following.log)
    while rebuild.running():
        following.follower.advance_rebuild()
    following.agrees()
    assert following.person(ada).events == 2
    assert len([each for each in following.log.failed() if each.reason == "subject_collision"]) == 2


def fitting(who: Someone) -> Journey:
    """Somebody whom sales should answer."""
    return who.visits("/pricing", reads_s=70).says(
        industry="logistics", company_size=180, role="director", country="MX"
    )


CHAIN = {
    ada: [fitting(ada).requests("demo"), ada.submits("contact"), ada.visits("/").subscribes()],
    bruno: [bruno.says(industry="retail").requests("quote"), fitting(bruno).is_told("handoff_accepted")],
    clara: [clara.says(relation="competitor").subscribes(), fitting(clara).starts_trial(), clara.submits("contact")],
}


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(
    chosen=st.tuples(*(st.sampled_from(range(len(journeys))) for journeys in CHAIN.values())),
    order=st.permutations(list(CHAIN)),
    owned=st.sets(st.sampled_from(list(CHAIN))),
    first_the_upper=st.booleans(),
    joint=st.booleans(),
)
def test_a_chain_of_merges_comes_apart_in_any_order_to_the_last_row(
    following: Following,
    tmp_path_factory: pytest.TempPathFactory,
    chosen: tuple[int, ...],
    order: list[Someone],
    owned: set[Someone],
    first_the_upper: bool,
    joint: bool,
) -> None:
    """The first of the order goes into the second, then the second into the third."""
    forget_everything()
    user = User.objects.get_or_create(email="rosa@norte.example", defaults={"name": "Rosa", "role": "sales"})[0]
    config = replace(following.config, data=tmp_path_factory.mktemp("log"), shards=1, database_url="")
    log = open_log(config)
    here = Following(config, log)
    here.hears(*(journeys[place] for journeys, place in zip(CHAIN.values(), chosen, strict=True)))
    for someone in owned:
        owners.give(Person.objects.get(pk=someone.subject), user, by=user)
    before = rows()
    low, middle, top = order
    pairs = [(middle, low), (top, middle)]
    day = now() // DAY + 1
    for number, (survivor, absorbed) in enumerate(pairs):
        here.hears(merged(survivor.subject, absorbed.subject, at=(day + number) * DAY))
        here.agrees()
    assert Person.objects.filter(merged_into=None).count() == 1
    assert bool(Person.objects.get(pk=top.subject).owner) == bool(owned)
    if joint:  # what comes for one of them while they are one is theirs again afterwards
        here.hears(low.journey(MONDAY + 2 * DAY).visits("/docs"))
        here.agrees()
    for number, (survivor, absorbed) in enumerate(reversed(pairs) if first_the_upper else pairs):
        apart = merged(survivor.subject, absorbed.subject, kind="people_unmerged", at=(day + 2 + number) * DAY)
        here.hears(apart)
        here.agrees()
    after = rows()
    log.close()
    if not joint:
        assert after == before
    else:
        was, becomes = before["people"].pop(low.subject), after["people"].pop(low.subject)
        assert after["people"] == before["people"]
        assert becomes["owner_id"] == was["owner_id"]
