"""What the people of a company come to, and that what is kept of it follows."""

from embudo.accounts.models import User
from embudo.leads import owners, rebuild, rollup
from embudo.leads.clock import now
from embudo.leads.erasure import erase
from embudo.leads.models import Company, Person
from tests.cast import Someone, ada, bruno
from tests.leads.conftest import Following

zoe = Someone("Zoe", "zoe@norte.example", company="Norte Logística", browser="zoe")


def norte() -> Company:
    return Company.objects.get(domain="norte.example")


def test_a_company_is_rolled_up_soon_and_again_when_it_is_old(following: Following) -> None:
    following.hears(ada.visits("/pricing").submits("contact").requests("demo"), zoe.submits("contact"))
    assert norte().people_count == 0
    at = now()
    assert rollup.refresh(at) is False
    found, hers = norte(), Person.objects.get(pk=ada.subject)
    assert (found.people_count, found.last_seen_at) == (2, hers.last_seen_at)
    assert found.engagement_order == hers.engagement_order > 0
    assert found.search == " norte logistica norte example"
    following.hears(Someone("Yan", "yan@norte.example", browser="yan").submits("contact"))
    rollup.refresh(at + 1)
    assert norte().people_count == 2
    assert rollup.of([norte().pk])[norte().pk].people == 3
    rollup.refresh(at + rollup.FRESH + 1)
    assert norte().people_count == 3


def test_a_rebuild_keeps_whose_company_it_is_and_an_erasure_of_all_drops_it(following: Following) -> None:
    rosa = User.objects.create_user("rosa@norte.example", name="Rosa", role="sales")
    following.hears(ada.submits("contact"), bruno.submits("contact"))
    rollup.refresh(now())
    owners.give_company(norte(), rosa, by=rosa)
    rebuild.ask(following.log)
    while rebuild.running():
        following.follower.advance_rebuild()
    assert norte().owner == rosa
    following.agrees()
    erase(ada.subject, by="Luis", why="she asked", log=following.log)
    following.follower.catch_up()
    assert not Company.objects.filter(domain="norte.example").exists()


def test_the_clockwork_rolls_up(following: Following) -> None:
    from embudo.leads.advance import Clockwork

    following.hears(ada.submits("contact"))
    Clockwork(following.config, following.log, following.follower.online).tick()
    assert norte().people_count == 1
