"""Acts on several people at once: what each does, its Undo, and what is refused."""

import re
import threading
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from embudo.accounts.models import User
from embudo.leads import acting, acts, tags
from embudo.leads.models import OwnerChange, PeopleAct, Person
from embudo.leads.story import history_of
from embudo.leads.views import acts as views
from embudo.work import run
from embudo.work.models import Job
from tests.cast import Someone, ada, bruno, clara, mallory
from tests.leads.conftest import Following, rows
from tests.leads.views.conftest import SignIn, named, text

GO_ON = threading.Event()  # never set


@pytest.fixture(autouse=True)
def story(site: Following) -> None:
    site.hears(ada.visits("/pricing").submits("contact"), bruno.submits("contact"), mallory.submits("contact"))


def does(client: Client, act: str, *people: Someone, fact: str = "", **fields: Any) -> str:
    who = {"who": [named(each).id for each in people]} if people else {}
    sent = {"act": act, "fact": fact or str(uuid4()), "back": "/people/?sort=name", **who, **fields}
    return text(client.post("/people/acts/", sent, follow=True))


def undoes(client: Client, page: str) -> str:
    found = re.search(r'action="(/people/acts/[^"]+/undo/)"', page)
    assert found, page
    return text(client.post(found[1], follow=True))


def works(site: Following) -> Job:
    """Somebody does what was asked for last."""
    job = Job.claim("somebody")
    assert job is not None
    run.do(job, GO_ON)
    site.follower.forget()  # an erasure has followed by itself
    site.follower.catch_up()
    job.refresh_from_db()
    assert (job.state, job.trouble) == ("done", "")
    return job


def test_several_are_given_to_somebody_and_back_to_whom_they_had(site: Following, sign_in: SignIn) -> None:
    client = sign_in("sales")
    rosa = User.objects.create_user("rosa@norte.example", name="Rosa", role="sales")
    luis = User.objects.create_user("luis@norte.example", name="Luis", role="sales")
    does(client, "owner", bruno, owner=luis.pk)
    page = does(client, "owner", ada, bruno, owner=rosa.pk)
    assert "2 people belong to Rosa now." in page
    assert {named(ada).owner, named(bruno).owner} == {rosa}
    assert OwnerChange.objects.filter(owner=rosa).count() == 2
    undoes(client, page)
    assert (named(ada).owner, named(bruno).owner) == (None, luis)
    site.agrees()


def test_a_stage_is_set_with_a_fact_of_each_and_undone_to_the_last_row(site: Following, sign_in: SignIn) -> None:
    client, before = sign_in(), rows()
    page = does(client, "stage", ada, bruno, stage="prospect", reason="met at the fair")
    assert "2 people: stage set to Prospect." in page
    fact = history_of(named(ada).id)[-1]
    assert (fact.kind, fact.props) == ("stage_set", {"stage": "prospect", "reason": "met at the fair"})
    site.agrees()
    assert "Undone." in undoes(client, page)
    assert rows() == before
    site.agrees()


def test_a_form_sent_twice_acts_once(site: Following, sign_in: SignIn) -> None:
    client, fact = sign_in(), str(uuid4())
    does(client, "tag", ada, tag="VIP", fact=fact)
    assert "This is done already." in does(client, "tag", ada, bruno, tag="VIP", fact=fact)
    assert tags.of([named(bruno).id]) == {}


def test_a_tag_put_on_is_undone_only_where_it_was_new(site: Following, sign_in: SignIn) -> None:
    client = sign_in("marketing")
    does(client, "tag", ada, tag="vip")
    page = does(client, "tag", ada, bruno, tag="VIP")
    assert "1 person has the tag “vip” now." in page
    undoes(client, page)
    assert tags.of([named(ada).id, named(bruno).id]) == {named(ada).id: ["vip"]}
    assert "Nobody changed" in does(client, "tag", ada, tag="vip")
    assert "1 person has the tag “vip” no more." in does(client, "untag", ada, bruno, tag="vip")


def test_joining_shows_who_and_asks_who_keeps_the_page(site: Following, sign_in: SignIn) -> None:
    client, ids = sign_in(), [named(ada).id, named(bruno).id, named(mallory).id]
    page = does(client, "merge", ada, bruno, mallory)
    assert "Are these 3 one person?" in page
    assert "<script>alert" not in page
    page = does(client, "merge", ada, bruno, mallory, sure="1", survivor=ids[0])
    assert "2 others came to this person." in page
    assert set(Person.objects.filter(merged_into=ids[0]).values_list("id", flat=True)) == set(ids[1:])
    site.agrees()
    undoes(client, page)
    assert Person.objects.filter(pk__in=ids, merged_into=None).count() == 3
    site.agrees()


def test_one_alone_is_not_joined(sign_in: SignIn) -> None:
    assert "Select the two or more rows" in does(sign_in(), "merge", ada)


def test_erasing_asks_once_shows_whom_and_is_for_managers(site: Following, sign_in: SignIn) -> None:
    for role in ("sales", "marketing"):
        assert "This page is for these roles" in does(sign_in(role), "erase", ada, sure="1", why="no reason")
    client = sign_in("manager")
    page = does(client, "erase", ada, bruno)
    assert "Erase 2 people for good?" in page and ada.name in page
    assert "Say why" in does(client, "erase", ada, bruno, sure="1", why=" ")
    assert not Job.objects.exists()
    does(client, "erase", ada, bruno, sure="1", why="they asked")
    job = works(site)
    assert not acting.can_be_undone(job)
    assert list(Person.objects.filter(known=True, merged_into=None)) == [named(mallory)]
    site.agrees()


def test_many_are_long_work_and_can_be_undone_as_such(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 1)
    monkeypatch.setattr(acting, "PORTION", 2)
    client, before = sign_in(), rows()
    page = does(client, "stage", all="1", query="sort=-seen&stage=lead", stage="customer")
    assert "An act on several people" in page
    job = works(site)
    assert job.result == {"changed": 3, "total": 3}
    assert set(Person.objects.filter(known=True).values_list("stage", flat=True)) == {"customer"}
    page = text(client.get(f"/work/{job.pk}/"))
    undoes(client, page)
    undo = works(site)
    assert undo.result["undone"] is True
    assert rows() == before
    site.agrees()
    for language, words in (("en", "Undo: Stage"), ("es", "Deshacer: Etapa"), ("pt-br", "Desfazer: Etapa")):
        assert f">{words}<" in text(client.get(f"/work/{undo.pk}/", headers={"accept-language": language}))
    assert "Una acción sobre varias personas: Etapa" in text(client.get("/work/", headers={"accept-language": "es"}))


def test_work_taken_up_again_in_the_middle_keeps_what_was_before(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in()
    monkeypatch.setattr(acting, "PORTION", 1)
    rosa, luis = (User.objects.create_user(f"{each}@norte.example", name=each, role="sales") for each in ("r", "l"))
    Person.objects.filter(known=True).update(owner=luis)
    selection = views.Selection(everybody=True)
    job = acting.ask(acts.Owner(rosa), selection, by=luis)
    steps = acting.run(job)
    for _step in range(4):  # settled, told, one done, two done; the second is not noted
        noted = job.memory
        job.memory = dict(next(steps).memory or {})
    steps.close()
    job.memory = noted
    result = list(_all_of(acting.run(job)))[-1]
    assert result == {"changed": 3, "total": 3}
    assert {before for _person, before in acting.read_steps(job)} == {luis.pk}


def _all_of(steps: Any) -> Any:
    while True:
        try:
            yield next(steps)
        except StopIteration as end:
            yield end.value
            return


def test_only_who_acted_or_a_manager_undoes(site: Following, sign_in: SignIn) -> None:
    does(sign_in("sales"), "tag", ada, tag="vip")
    act = PeopleAct.objects.get()
    assert sign_in("marketing").post(f"/people/acts/{act.fact}/undo/").status_code == 404
    assert sign_in("manager").post(f"/people/acts/{act.fact}/undo/").status_code == 302
    assert tags.of([named(ada).id]) == {}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"act": "owner", "owner": "999999"}, "They do not work here any more"),
        ({"act": "owner", "owner": "1 OR 1=1"}, "Choose who looks after them, or nobody"),
        ({"act": "stage", "stage": "nonsense"}, "Choose a stage."),
        ({"act": "tag", "tag": "  "}, "Write a tag first."),
        ({"act": "untag", "tag": "unheard of"}, "Nobody has this tag."),
        ({"act": "explode"}, "Choose what to do"),
        ({"act": "tag", "tag": "x", "who": ["abc", "9" * 30, "-1"]}, "Nobody changed"),
        ({"act": "tag", "tag": "x", "who": []}, "Select somebody first"),
    ],
)
def test_what_makes_no_sense_is_said(sign_in: SignIn, fields: dict[str, Any], says: str) -> None:
    sent = {"who": [named(ada).id], "fact": str(uuid4()), **fields}
    assert says in text(sign_in().post("/people/acts/", sent, follow=True))


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/people/", "/people/x", "/sign-out/", ""])
def test_an_act_leads_back_to_a_list_and_nowhere_else(sign_in: SignIn, back: str) -> None:
    sent = {"act": "tag", "tag": "x", "who": [named(ada).id], "back": back}
    assert sign_in().post("/people/acts/", sent)["Location"] == "/people/"


def test_an_act_is_never_a_get(sign_in: SignIn) -> None:
    assert sign_in().get("/people/acts/?act=tag&tag=x&all=1").status_code == 405


def test_a_tag_is_put_on_and_taken_off_on_the_persons_page(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    page = text(client.post(f"/people/{named(ada).id}/tags/", {"tag": "<b>vip</b> & co"}, follow=True))
    assert "&lt;b&gt;vip&lt;/b&gt; &amp; co" in page and "<b>vip" not in page
    listed = text(client.get("/people/", {"tag": "<b>VIP</b> & co"}))
    assert ada.name in listed and bruno.mail not in listed and "has the tag" in listed
    client.post("/people/columns/", {"column": ["tags"]})
    assert "&lt;b&gt;vip" in text(client.get("/people/"))
    page = text(client.post(f"/people/{named(ada).id}/tags/", {"tag": "<b>vip</b> & co", "act": "untag"}, follow=True))
    assert "no more" in page
    assert tags.of([named(ada).id]) == {}


def test_everybody_means_those_the_filters_leave(site: Following, sign_in: SignIn) -> None:
    site.hears(clara.visits("/"))
    does(sign_in(), "tag", tag="x", all="1", query="q=ada")
    assert list(tags.of(list(Person.objects.values_list("id", flat=True)))) == [named(ada).id]


# -- whom it means, and what is left of it -----------------------------------------------------------------


@pytest.mark.parametrize("query", [
    "company=123456", "a.gone=x", "stage=nonsense", "q=%00", f"source={'x' * 9000}", "score.min=abc&score.max=99",
    "a.company_size.min=abc&a.company_size.max=9999", "reached=lead&from=0&to=9999999999999999&further=perhaps",
])  # fmt: skip
@pytest.mark.parametrize("act", ["erase", "tag"])
def test_where_a_filter_cannot_be_read_nothing_is_done(site: Following, sign_in: SignIn, act: str, query: str) -> None:
    before = rows()
    page = does(sign_in("manager"), act, all="1", query=query, tag="vip", sure="1", why="they asked")
    assert "A filter of the list is not there any more" in page and "Nothing was done." in page
    assert not Job.objects.exists() and not PeopleAct.objects.exists()
    assert rows() == before


def test_a_filter_that_goes_before_the_work_is_done_ends_it(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 0)
    client = sign_in("manager")
    does(client, "tag", ada, tag="fair")
    works(site)
    does(client, "stage", all="1", query="tag=fair", stage="customer")
    tags.take([named(ada).id], acts.Tag.objects.get())
    acts.Tag.objects.all().delete()
    job = Job.claim("somebody")
    assert job is not None
    run.do(job, GO_ON)
    job.refresh_from_db()
    assert job.state == "failed" and "tag=fair" in job.trouble
    assert not Person.objects.filter(stage="customer").exists()


def test_whom_an_erasure_means_is_settled_when_it_is_confirmed(site: Following, sign_in: SignIn) -> None:
    does(sign_in("manager"), "erase", all="1", query="stage=lead", sure="1", why="they asked")
    site.hears(clara.submits("contact"))
    assert named(clara).stage == "lead"
    assert works(site).result["total"] == 3
    assert list(Person.objects.filter(known=True, merged_into=None)) == [named(clara)]
    site.agrees()


@pytest.mark.parametrize("at_once", [50, 0])
def test_who_was_given_to_somebody_that_left_is_taken_back(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", at_once)
    client = sign_in("sales")
    luis = User.objects.create_user("luis@norte.example", name="Luis", role="sales")
    page = does(client, "owner", ada, bruno, owner=luis.pk)
    if not at_once:
        page = text(client.get(f"/work/{works(site).pk}/"))
    User.objects.filter(pk=luis.pk).update(is_active=False)
    undoes(client, page)
    if not at_once:
        works(site)
    assert (named(ada).owner, named(bruno).owner) == (None, None)


def test_an_act_that_broke_off_half_way_is_done_to_the_rest_when_its_form_is_sent_again(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, fact = sign_in("sales"), str(uuid4())
    luis = User.objects.create_user("luis@norte.example", name="Luis", role="sales")
    give = acts.owners.give
    given: list[int] = []

    def breaks(person: Person, *of: Any, **more: Any) -> Any:
        given.append(person.id)
        if len(given) == 2:
            raise KeyboardInterrupt
        return give(person, *of, **more)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(acts.owners, "give", breaks)
        does(client, "owner", ada, bruno, fact=fact, owner=luis.pk)
    assert {named(ada).owner, named(bruno).owner} == {None, luis}
    page = does(client, "owner", ada, bruno, fact=fact, owner=luis.pk)
    assert "2 people belong to Luis now." in page
    assert (named(ada).owner, named(bruno).owner) == (luis, luis)
    undoes(client, page)
    assert (named(ada).owner, named(bruno).owner) == (None, None)
    assert "This is done already." in does(client, "owner", ada, bruno, fact=fact, owner=luis.pk)


def test_who_was_so_already_and_who_is_gone_is_said(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in()
    does(client, "stage", ada, stage="prospect")
    site.follower.catch_up()
    page = does(client, "stage", ada, bruno, stage="prospect")
    assert "1 person: stage set to" in page and "1 was so already." in page
    site.follower.catch_up()
    gone = {"who": [named(mallory).id, 4711, 4712], "act": "stage", "stage": "prospect", "fact": str(uuid4())}
    page = text(client.post("/people/acts/", gone, follow=True))
    assert "1 person: stage set to" in page and "2 are no longer here." in page
    page = text(client.post("/people/acts/", {**gone, "who": [4711], "fact": str(uuid4())}, follow=True))
    assert "Nobody changed. 1 is no longer here." in page
    site.follower.catch_up()
    assert "Nobody changed: all of them are so already." in does(client, "stage", ada, bruno, stage="prospect")
    monkeypatch.setattr(views, "AT_ONCE", 1)
    does(client, "stage", ada, bruno, stage="customer")
    Person.objects.filter(pk=named(bruno).id).update(merged_into=named(ada).id)
    assert works(site).result == {"changed": 1, "gone": 1, "total": 2}
