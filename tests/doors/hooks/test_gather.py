"""What happened becomes one delivery for each webhook: once, whatever is read or computed again."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from embudo.core.event import DAY, HOUR, MINUTE, Verdict
from embudo.doors import forgetting
from embudo.doors.hooks import gather, news
from embudo.doors.hooks.kinds import KINDS, OF_FACT
from embudo.doors.models import Answer, Attempt, Delivery, Endpoint, Place, Waiting
from embudo.leads import erasure, rebuild
from embudo.leads.company_joins import merge_props
from embudo.leads.models import StageChange
from embudo.leads.record import record
from tests.cast import Journey, ada, bruno, clara, mallory
from tests.doors.conftest import user_of
from tests.leads.conftest import Following


def ago(span: int) -> int:
    return time.time_ns() // 1000 - span


def gathered(site: Following) -> list[tuple[str, int | None]]:
    """Gather everything; return the kinds and people of all deliveries."""
    while gather.gather(site.log):
        pass
    found = Delivery.objects.order_by("id").values_list("kind", "subject")
    return [(kind, None if subject is None else news.whose(subject)) for kind, subject in found]


@pytest.fixture
def hook(site: Following) -> Endpoint:
    """A webhook that is told everything, from an hour ago on."""
    gathered(site)
    made = Endpoint.open(name="CRM", url="http://127.0.0.1:9/", kinds=list(KINDS), by=user_of("admin"))
    Endpoint.objects.filter(pk=made.pk).update(since_at=ago(2 * HOUR))
    return made


def now_received(journey: Journey) -> list[Any]:
    """The facts of a journey as they are received now."""
    at = time.time_ns() // 1000
    return [replace(event, received_at=at, known_at=at) for event in journey]


def test_what_happens_is_told_once(site: Following, hook: Endpoint) -> None:
    site.hears(now_received(ada.journey(ago(MINUTE // 2)).visits("/pricing").submits("contact", team="fleet")))
    person = site.person(ada).id
    told = gathered(site)
    assert sorted(told) == sorted([("form_submitted", person), ("stage_changed", person), ("person_created", person)])
    assert gathered(site) == told
    form = Delivery.objects.get(kind="form_submitted")
    body = json.loads(form.body)
    assert (body["type"], body["data"]["person"]["id"]) == ("form_submitted", str(person))
    assert body["data"]["props"]["fields"] == {"team": "fleet"}
    assert body["data"]["person"]["url"].endswith(f"/people/{person}/")
    moved = json.loads(Delivery.objects.get(kind="stage_changed").body)["data"]
    assert (moved["from"], moved["to"], moved["why"]) == ("visitor", "lead", "identified")
    assert moved["causes"][0]["kind"] == "form_submitted"


def test_who_asked_before_the_first_look_is_told_what_happened_since(site: Following) -> None:
    site.hears(bruno.journey(ago(HOUR)).submits("contact"))
    made = Endpoint.open(name="CRM", url="http://127.0.0.1:9/", kinds=list(KINDS), by=user_of("admin"))
    Endpoint.objects.filter(pk=made.pk).update(since_at=ago(MINUTE))
    site.hears(now_received(ada.journey(ago(MINUTE // 2)).submits("contact")))
    person = site.person(ada).id
    told = sorted([("form_submitted", person), ("stage_changed", person), ("person_created", person)])
    assert sorted(gathered(site)) == told


def test_a_rebuild_tells_nothing_again(site: Following, hook: Endpoint) -> None:
    site.hears(now_received(ada.journey(ago(MINUTE // 2)).submits("contact")))
    record("stage_set", person=site.person(ada).id, props={"stage": "prospect"}, id="x" * 32, by=user_of("sales"))
    site.follower.catch_up()
    told = gathered(site)
    assert [kind for kind, _person in told].count("stage_changed") == 2
    rebuild.ask(site.log)
    while rebuild.running():
        site.follower.advance_rebuild()
    assert StageChange.objects.filter(superseded_why="rebuild").exists()
    assert gathered(site) == told


def test_a_rebuild_before_anything_was_told_loses_nothing(site: Following, hook: Endpoint) -> None:
    site.hears(now_received(ada.journey(ago(MINUTE // 2)).submits("contact")))
    rebuild.ask(site.log)
    while rebuild.running():
        site.follower.advance_rebuild()
    kinds = sorted(kind for kind, _person in gathered(site))
    assert kinds == ["form_submitted", "person_created", "stage_changed"]


def test_companies_that_are_joined_are_told_with_both_sides(site: Following, hook: Endpoint) -> None:
    site.hears(*(now_received(who.journey(ago(30 * DAY)).submits("contact")) for who in (ada, bruno)))
    gathered(site)
    Delivery.objects.all().delete()
    one, other = site.person(ada).company, site.person(bruno).company
    assert one is not None and other is not None
    props = merge_props(one, other, site.log)
    record("companies_merged", company=props["identifiers"][0], props=props, id="m" * 32, by=user_of("sales"))
    site.follower.catch_up()
    assert [kind for kind, _person in gathered(site)] == ["company_merged"]
    told = json.loads(Delivery.objects.get().body)["data"]
    assert "person" not in told
    assert told["absorbed"] == {"id": str(other.pk), "url": f"http://127.0.0.1:8000/companies/{other.pk}/"}
    assert told["survivor"]["id"] == str(one.pk) and told["props"]["names"] == [one.name, other.name]


def test_a_merge_tells_of_itself_and_not_of_the_past(site: Following, hook: Endpoint) -> None:
    site.hears(ada.journey(ago(30 * DAY)).submits("contact"), bruno.journey(ago(20 * DAY)).submits("contact"))
    assert gathered(site) == []  # received long before the webhook was made
    one, other = site.person(ada).id, site.person(bruno).id
    record("people_merged", person=one, props={"survivor": one, "absorbed": other}, id="m" * 32, by=user_of("sales"))
    site.follower.catch_up()
    assert gathered(site) == [("person_merged", one)]
    props = json.loads(Delivery.objects.get().body)["data"]["props"]
    assert props == {"survivor": str(one), "absorbed": str(other)}  # a number of this size is rounded by JavaScript
    record("people_unmerged", person=one, props={"survivor": one, "absorbed": other}, id="u" * 32, by=user_of("sales"))
    site.follower.catch_up()
    assert [kind for kind, _person in gathered(site)] == ["person_merged", "person_unmerged"]


def test_what_is_of_long_ago_but_became_known_now_is_news(site: Following, hook: Endpoint) -> None:
    site.hears(now_received(ada.journey(ago(200 * DAY)).submits("contact")))
    assert sorted(kind for kind, _person in gathered(site)) == ["form_submitted", "person_created", "stage_changed"]


def test_a_move_computed_long_after_its_fact_was_known_is_history(site: Following, hook: Endpoint) -> None:
    """A merge or another definition computes old moves for the first time."""
    Endpoint.objects.update(since_at=0)
    site.hears(ada.journey(ago(30 * DAY)).submits("contact"))
    assert [kind for kind, _person in gathered(site)] == ["form_submitted"]


def test_a_rebuild_reads_nobodys_history(site: Following, hook: Endpoint, monkeypatch: Any) -> None:
    site.hears(now_received(ada.journey(ago(DAY)).submits("contact")))
    told = gathered(site)
    assert len(told) == 3
    rebuild.ask(site.log)
    while rebuild.running():
        site.follower.advance_rebuild()
    monkeypatch.setattr(news, "history_of", lambda _person: pytest.fail("a history was read for what stood there"))
    assert gathered(site) == told


def test_a_webhook_is_told_what_it_asked_for_and_from_then_on(site: Following, hook: Endpoint) -> None:
    only = Endpoint.open(name="Forms", url="http://127.0.0.1:9/", kinds=["form_submitted"], by=user_of("admin"))
    gone = Endpoint.open(name="Gone", url="http://127.0.0.1:9/", kinds=list(KINDS), by=user_of("admin"))
    gone.retire(by=user_of("admin"))
    site.hears(clara.journey(ago(HOUR)).submits("contact"))  # received before it was made
    site.hears(now_received(ada.journey(ago(MINUTE // 2)).submits("contact")))
    gathered(site)
    told = [(each.kind, news.whose(each.subject)) for each in only.deliveries.all()]
    assert told == [("form_submitted", site.person(ada).id)]
    assert hook.deliveries.filter(kind="form_submitted").count() == 2
    assert not gone.deliveries.exists()


def test_what_machines_do_is_not_told(site: Following, hook: Endpoint) -> None:
    journey = ada.by_machine().since(ago(MINUTE // 2)).submits("contact")
    assert {event.verdict for event in journey} == {Verdict.MACHINE}
    site.hears(now_received(journey))
    assert gathered(site) == []


def test_facts_wait_until_the_tables_know_whose_they_are(site: Following, hook: Endpoint) -> None:
    site.log.append(now_received(ada.journey(ago(MINUTE // 2)).submits("contact")))
    assert gathered(site) == []
    site.follower.catch_up()
    assert len(gathered(site)) == 3


def test_of_two_that_gather_at_once_one_keeps_it(site: Following, hook: Endpoint, monkeypatch: Any) -> None:
    site.hears(now_received(ada.journey(ago(MINUTE // 2)).submits("contact")))
    keep = gather._keep

    def other_was_quicker(news: Any) -> None:
        raise AssertionError("kept although another process had moved the place")

    before = Place.objects.get(name="log").text
    monkeypatch.setattr(gather, "_place", lambda name: before if name == "log" else Place.objects.get(name=name).text)
    assert gather._from_log(site.log)
    count = Delivery.objects.count()
    monkeypatch.setattr(gather, "_keep", other_was_quicker)
    assert gather._from_log(site.log)  # it read the old place, did the work, and kept nothing
    monkeypatch.setattr(gather, "_keep", keep)
    assert Delivery.objects.count() == count == 1


def test_late_rows_of_postgresql_are_found(site: Following, hook: Endpoint) -> None:
    """A row with a smaller id may be committed after one with a greater id."""
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL commits rows out of their order")
    gathered(site)
    site.hears(now_received(ada.journey(ago(MINUTE // 2)).submits("contact")))
    last = StageChange.objects.order_by("-id").first()
    assert last is not None
    Place.objects.filter(name="moves").update(text=str(last.id))  # as if it had been passed before it could be seen
    Place.objects.filter(name="late_moves").update(text="0")
    assert "stage_changed" not in {kind for kind, _person in gathered(site)}
    StageChange.objects.update(recorded_at=ago(MINUTE))
    assert "stage_changed" in {kind for kind, _person in gathered(site)}


def test_who_is_erased_leaves_no_trace(site: Following, hook: Endpoint) -> None:
    site.hears(now_received(ada.journey(ago(MINUTE // 2)).visits("/x").submits("contact", secret="of Ada")))
    site.hears(now_received(bruno.journey(ago(MINUTE // 2)).submits("contact")))
    gathered(site)
    delivery = Delivery.objects.get(kind="form_submitted", subject=ada.subject)
    Attempt.objects.create(delivery=delivery, sent=delivery.body, answer=ada.mail)
    erasure.erase(site.person(ada).id, by="test", why="she asked", log=site.log)
    site.follower.catch_up()
    gathered(site)
    kept = str(list(Delivery.objects.values_list("body", "subject"))) + str(list(Attempt.objects.values()))
    assert ada.mail not in kept and "of Ada" not in kept
    assert bruno.mail in kept
    assert not Delivery.objects.filter(body="").exclude(state="erased", ended_at__isnull=False).exists()
    assert not Answer.objects.exists()


def taken_apart(site: Following) -> None:
    """Bruno was joined with Ada when the webhook was told of his form, and is somebody of his own again."""
    site.hears(now_received(ada.journey(ago(MINUTE)).submits("contact")))
    site.hears(now_received(bruno.journey(ago(MINUTE)).submits("contact")))
    gathered(site)
    props = {"survivor": site.person(ada).id, "absorbed": site.person(bruno).id}
    record("people_merged", person=props["survivor"], props=props, id="m" * 32, by=user_of("sales"))
    site.follower.catch_up()
    site.hears(now_received(bruno.journey(ago(MINUTE // 2)).submits("contact", said="while they were one")))
    gathered(site)
    assert f'"id":"{props["survivor"]}"' in Delivery.objects.get(body__contains="while they were one").body
    record("people_unmerged", person=props["survivor"], props=props, id="u" * 32, by=user_of("sales"))
    site.follower.catch_up()
    gathered(site)


@pytest.mark.parametrize(("who", "other"), [(bruno, ada), (ada, bruno)])
@pytest.mark.parametrize("by_page", [True, False])
def test_after_an_unmerge_an_erasure_takes_what_is_of_that_person_and_no_more(
    site: Following, hook: Endpoint, who: Any, other: Any, by_page: bool
) -> None:
    taken_apart(site)
    kept = set(Delivery.objects.filter(kind="form_submitted", subject=other.subject).values_list("body", flat=True))
    assert len(kept) == (2 if other is bruno else 1)
    subjects = erasure.everything_of(site.person(who).id, site.log).subjects
    assert forgetting.left(subjects) > 1
    if by_page:
        assert forgetting.forget(subjects) > 1
    else:
        erasure.erase(site.person(who).id, by="test", why="they asked", log=site.log)
        site.follower.catch_up()
        gathered(site)
    assert forgetting.left(subjects) == 0
    assert who.mail not in str(list(Delivery.objects.values_list("body")))
    assert kept <= set(Delivery.objects.values_list("body", flat=True))


def test_who_comes_back_after_an_erasure_is_told_of(site: Following, hook: Endpoint) -> None:
    site.hears(now_received(ada.journey(ago(MINUTE)).submits("contact")))
    gathered(site)
    erasure.erase(site.person(ada).id, by="test", why="she asked", log=site.log)
    site.hears(now_received(ada.journey(ago(0)).submits("contact", said="again")))
    gathered(site)
    assert Delivery.objects.get(kind="form_submitted", state="waiting", body__contains="again")
    site.hears(now_received(bruno.journey(ago(MINUTE)).submits("contact")))
    erasure.erase(site.person(bruno).id, by="test", why="he asked", log=site.log)
    site.follower.catch_up()
    gathered(site)
    assert Delivery.objects.get(kind="form_submitted", state="waiting", body__contains="again")


def test_nobody_to_tell_leaves_nothing_behind(site: Following) -> None:
    gathered(site)
    site.hears(now_received(ada.journey(ago(MINUTE // 2)).submits("contact")))
    gathered(site)
    Endpoint.open(name="CRM", url="http://127.0.0.1:9/", kinds=list(KINDS), by=user_of("admin"))
    assert gathered(site) == []


def test_every_kind_that_may_be_chosen_is_told_by_something() -> None:
    assert set(KINDS) == {*OF_FACT.values(), "stage_changed", "person_created", "handoff_ready"}


def ready(site: Following) -> list[Any]:
    """What was told of hand-offs that became ready."""
    gathered(site)
    return [json.loads(each.body) for each in Delivery.objects.filter(kind="handoff_ready").order_by("id")]


def asks(site: Following, who: Any, span: int) -> int:
    """Somebody who fits asks for a demo now; return who."""
    site.hears(now_received(who.journey(ago(span)).says(**who.traits).requests("demo")))
    person = site.person(who)
    assert person.handoff_ready
    return person.id


def test_who_begins_to_wait_for_sales_is_told_once(site: Following, hook: Endpoint) -> None:
    person = asks(site, ada, MINUTE)
    (told,) = ready(site)
    assert told["data"]["person"]["id"] == str(person)
    assert (told["data"]["stage"], told["data"]["causes"][0]["kind"]) == (site.person(ada).stage, "demo_requested")
    assert told["data"]["fit"] == site.person(ada).fit
    site.hears(now_received(ada.journey(ago(MINUTE // 2)).requests("demo")))  # still waits
    assert ready(site) == [told]
    rebuild.ask(site.log)
    while rebuild.running():
        site.follower.advance_rebuild()
        gathered(site)
    assert ready(site) == [told]


def test_who_waits_again_after_an_answer_is_told_again(site: Following, hook: Endpoint) -> None:
    person = asks(site, ada, 20 * MINUTE)
    assert len(ready(site)) == 1
    answered = {"reason": "not_now"}
    record("handoff_rejected", person=person, props=answered, id="r" * 32, by=user_of("sales"), at=ago(10 * MINUTE))
    site.follower.catch_up()
    assert len(ready(site)) == 1 and not site.person(ada).handoff_ready and not Waiting.objects.exists()
    asks(site, ada, 5 * MINUTE)
    assert len(ready(site)) == 2


def test_a_merge_of_who_waits_tells_nothing_again(site: Following, hook: Endpoint) -> None:
    one = asks(site, ada, MINUTE)
    site.hears(now_received(bruno.journey(ago(30 * MINUTE)).submits("contact")))
    assert len(ready(site)) == 1
    props = {"survivor": site.person(bruno).id, "absorbed": one}
    record("people_merged", person=props["survivor"], props=props, id="m" * 32, by=user_of("sales"))
    site.follower.catch_up()
    assert len(ready(site)) == 1


def test_who_waited_before_the_webhook_was_made_is_not_told(site: Following) -> None:
    asks(site, ada, MINUTE)
    later = Endpoint.open(name="CRM", url="http://127.0.0.1:9/", kinds=list(KINDS), by=user_of("admin"))
    assert ready(site) == [] and Waiting.objects.count() == 1 and later.live


def test_what_people_write_stays_text(site: Following, hook: Endpoint) -> None:
    odd = "\u2028 </script> {{ 7|add:7 }}"
    site.hears(now_received(mallory.journey(ago(MINUTE // 2)).submits("contact", note=odd)))
    gathered(site)
    body = json.loads(Delivery.objects.get(kind="form_submitted").body)
    assert body["data"]["props"]["fields"]["note"] == odd
