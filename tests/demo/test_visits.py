from collections import Counter

from embudo.core.event import DAY
from embudo.demo import visits
from embudo.demo.chance import dice
from embudo.demo.life import Life
from embudo.demo.persona import persona
from embudo.demo.world import DOMAIN, world
from tests.demo.conftest import UNTIL


def visitor(number=1, warmth=None):
    random = dice(13, number)
    source = world().sources.things[0]
    life = Life(number, random, persona(random, 13, 50, source), source, UNTIL - 30 * DAY, UNTIL)
    life.warmth = life.warmth if warmth is None else warmth
    return life


def kinds_drawn(warmth):
    life = visitor(warmth=warmth)
    return Counter(visits.draw(life).kind for _ in range(3000))


def test_the_warm_read_prices_and_cases_and_the_cold_read_the_blog():
    warm, cold = kinds_drawn(1.0), kinds_drawn(0.0)
    assert cold["blog"] > 3 * warm["blog"]
    assert warm["pricing"] > 3 * cold["pricing"]
    assert warm["case"] > 2 * cold["case"]


def test_pages_about_an_industry_are_read_by_those_who_work_in_it():
    life = next(life for life in map(visitor, range(50)) if life.persona.employer.industry == "logistics")
    life.warmth = 0.8
    drawn = [page for page in (visits.draw(life) for _ in range(3000)) if page.kind == "solution"]
    assert sum(page.topic == "logistics" for page in drawn) > 0.6 * len(drawn)


def test_a_session_tells_where_it_came_from_once():
    life = visitor(warmth=1.0)
    utm = {"source": "google", "medium": "cpc", "campaign": "x"}
    while sum(fact.kind == "page_viewed" for fact in life.facts) < 3:
        life.facts.clear()
        visits.session(life, life.began_at, utm=utm, referrer="https://www.google.com/")
    views = [fact for fact in life.facts if fact.kind == "page_viewed"]
    assert views[0].context["utm"] == utm
    assert views[0].context["referrer"] == "https://www.google.com/"
    assert all("utm" not in view.context and DOMAIN in view.context["referrer"] for view in views[1:])


def test_pages_are_read_one_after_the_other():
    life = visitor(warmth=1.0)
    visits.session(life, life.began_at)
    views = [fact.at for fact in life.facts if fact.kind == "page_viewed"]
    assert views == sorted(views)


def test_a_form_names_its_sender_and_remembers_what_was_stated():
    life = visitor()
    visits.form(life, life.began_at, "guide", world().page("demo"), "company", "country")
    sent = next(fact for fact in life.facts if fact.kind == "form_submitted")
    assert sent.identifier == f"mail:{life.mail}"
    assert sent.props["traits"].keys() == {"email", "name", "first_name", "last_name", "company", "country"}
    assert life.traits == sent.props["traits"]


def test_the_documentation_is_read_without_a_trace_of_the_browser():
    life = visitor()
    visits.docs(life, life.began_at)
    assert life.facts
    assert all(fact.anonymous_id is None and life.browser not in str(fact) for fact in life.facts)
