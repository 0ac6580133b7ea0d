"""Joining two people, taking them apart, and disputes: shown before, recorded as facts, undone."""

import re
from uuid import uuid4

from embudo.accounts.models import User
from embudo.core.event import HOUR
from embudo.core.identity import Strength
from embudo.leads import rebuild
from embudo.leads.models import Dispute, Identifier, Merge, Person
from tests.cast import MONDAY, Someone, ada, bruno, clara
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, named, text

ada_at_home = Someone("Ada O.", "ada.okafor@gmail.com", browser="ada-phone")


def both(site: Following) -> tuple[int, int]:
    site.hears(ada.visits("/pricing").requests("demo"), ada_at_home.journey(MONDAY + HOUR).visits("/blog").subscribes())
    return named(ada).id, Person.objects.get(mail=ada_at_home.mail).id


def test_the_other_person_is_searched_and_what_joins_is_shown(site: Following, sign_in: SignIn) -> None:
    one, other = both(site)
    client = sign_in()
    assert f"/people/{one}/merge/{other}/" in text(client.get(f"/people/{one}/merge/?q=gmail"))
    page = text(client.get(f"/people/{one}/merge/{other}/"))
    assert "asked for a demo" in page
    assert "subscribed to the newsletter" in page
    assert not Merge.objects.exists()


def test_two_people_become_one_and_two_again(site: Following, sign_in: SignIn) -> None:
    one, other = both(site)
    client = sign_in()
    before = {each.id: (each.stage, each.engagement, each.events) for each in Person.objects.all()}
    client.post(f"/people/{one}/merge/{other}/", {"fact": str(uuid4())})
    assert client.get(f"/people/{other}/")["Location"] == f"/people/{one}/"
    page = text(client.get(f"/people/{one}/"))
    assert "subscribed to the newsletter" in page
    assert "was joined on" in page
    client.post(f"/people/{one}/unmerge/{other}/", {"fact": str(uuid4())})
    after = {each.id: (each.stage, each.engagement, each.events) for each in Person.objects.all()}
    assert {id_: after[id_] for id_ in before} == before
    assert client.get(f"/people/{other}/").status_code == 200


def test_what_was_recorded_on_the_joint_page_is_listed_and_stays(site: Following, sign_in: SignIn) -> None:
    one, other = both(site)
    client = sign_in()
    client.post(f"/people/{one}/merge/{other}/", {"fact": str(uuid4())})
    client.post(f"/people/{one}/notes/", {"kind": "note_written", "note": "prefers mornings", "fact": str(uuid4())})
    page = text(client.get(f"/people/{one}/unmerge/{other}/"))
    assert "prefers mornings" in page
    client.post(f"/people/{one}/unmerge/{other}/", {"fact": str(uuid4())})
    assert "prefers mornings" in text(client.get(f"/people/{one}/"))
    assert "prefers mornings" not in text(client.get(f"/people/{other}/"))


def test_nobody_is_joined_with_themselves(site: Following, sign_in: SignIn) -> None:
    one, _other = both(site)
    answer = sign_in().post(f"/people/{one}/merge/{one}/", {"fact": str(uuid4())}, follow=True)
    assert "one already" in text(answer)
    assert not Merge.objects.exists()


def test_a_dispute_is_shown_to_both_and_settled_by_a_person(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").requests("demo"))
    site.hears(bruno.on_another_browser(ada.browser).journey(MONDAY + HOUR).requests("demo"))
    dispute = Dispute.objects.get(settled_at=None)
    client = sign_in()
    keeper, claimer = dispute.person_id, dispute.claimed_by_id
    assert "claims" in text(client.get(f"/people/{keeper}/"))
    assert "was claimed here" in text(client.get(f"/people/{claimer}/"))
    client.post(f"/people/{keeper}/disputes/{dispute.id}/", {"to": "claimed", "fact": str(uuid4())})
    dispute.refresh_from_db()
    assert dispute.settled_at is not None


def test_how_a_dispute_was_decided_is_taken_back_and_stays_so_when_all_is_made_again(
    site: Following, sign_in: SignIn
) -> None:
    site.hears(ada.visits("/").requests("demo"))
    site.hears(bruno.on_another_browser(ada.browser).journey(MONDAY + HOUR).requests("demo"))
    before = Dispute.objects.get(settled_at=None)
    client, browser = sign_in(), Identifier.objects.get(subject=ada.visitor)
    facts = sorted(Person.objects.filter(merged_into=None).values_list("id", "events"))
    decided = client.post(
        f"/people/{before.person_id}/disputes/{before.id}/", {"to": "claimed", "fact": str(uuid4())}, follow=True
    )
    browser.refresh_from_db()
    assert browser.person_id == before.claimed_by_id
    undo = re.search(r'class="toast-card".*?action="([^"]+)"', text(decided), re.DOTALL)
    assert undo
    for _click in range(2):
        client.post(undo[1].replace("&amp;", "&"))
    browser.refresh_from_db()
    again = Dispute.objects.get(settled_at=None)
    people = (again.identifier, again.person_id, again.claimed_by_id, again.evidence)
    assert people == (before.identifier, before.person_id, before.claimed_by_id, before.evidence)
    assert (browser.person_id, browser.strength) == (before.person_id, Strength.BY_HAND)
    assert sorted(Person.objects.filter(merged_into=None).values_list("id", "events")) == facts
    assert "claims" in text(client.get(f"/people/{before.person_id}/"))
    site.agrees()
    rebuild.ask(site.log)
    while rebuild.running():
        site.follower.advance_rebuild()
    assert Dispute.objects.get(settled_at=None).claimed_by_id == before.claimed_by_id
    assert Dispute.objects.count() == 2
    site.agrees()


def test_nobody_opens_a_dispute_of_others_again_or_by_looking(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").requests("demo"))
    site.hears(bruno.on_another_browser(ada.browser).journey(MONDAY + HOUR).requests("demo"))
    site.hears(clara.visits("/").requests("demo"))
    dispute, client = Dispute.objects.get(settled_at=None), sign_in()
    client.post(f"/people/{dispute.person_id}/disputes/{dispute.id}/", {"to": "person", "fact": str(uuid4())})
    assert client.get(f"/people/{dispute.person_id}/disputes/{dispute.id}/reopening/").status_code == 405
    client.post(f"/people/{named(clara).id}/disputes/{dispute.id}/reopening/")
    assert client.post(f"/people/{dispute.person_id}/disputes/999999/reopening/").status_code == 404
    assert not Dispute.objects.filter(settled_at=None).exists()


def test_a_dispute_stays_settled_when_all_is_made_again(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").requests("demo"))
    site.hears(bruno.on_another_browser(ada.browser).journey(MONDAY + HOUR).requests("demo"))
    dispute = Dispute.objects.get(settled_at=None)
    sign_in().post(f"/people/{dispute.person_id}/disputes/{dispute.id}/", {"to": "person", "fact": str(uuid4())})
    rebuild.ask(site.log)
    while rebuild.running():
        site.follower.advance_rebuild()
    assert Dispute.objects.exists()
    assert not Dispute.objects.filter(settled_at=None).exists()


def test_who_looks_after_a_visitor_looks_after_the_person_they_turn_out_to_be(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/pricing"))
    sign_in().post(f"/people/{ada.visitor}/owner/", {"owner": str(User.objects.get().pk)})
    site.hears(ada.journey(MONDAY + HOUR).submits("contact"))
    assert named(ada).owner == User.objects.get()
