from collections import Counter

from embudo.accounts.permissions import Role
from embudo.demo.world import DOMAIN, world


def test_there_are_about_sixty_pages_each_with_its_own_path():
    paths = [(page.kind == "docs", page.path) for page in world().pages]
    assert 55 <= len(paths) <= 75
    assert len(set(paths)) == len(paths)


def test_every_page_has_a_title_in_three_languages():
    assert all(page.titles.keys() == {"en", "es", "pt-br"} and all(page.titles.values()) for page in world().pages)


def test_each_language_has_its_own_host_and_one_path():
    pricing = world().page("pricing")
    assert pricing.path == "/pricing"
    assert pricing.url("es") == f"https://es.{DOMAIN}/pricing"


def test_every_role_is_filled_and_each_language_has_two_reps():
    assert Counter(each.role for each in world().staff).keys() == set(Role.values)
    assert all(len(world().reps(language)) == 2 for language in ("en", "es", "pt-br"))


def test_reps_differ_in_how_fast_they_answer_and_how_well_they_sell():
    reps = [each for each in world().staff if each.role == "sales"]
    assert max(each.answers_h for each in reps) > 10 * min(each.answers_h for each in reps)
    assert len({each.skill for each in reps}) == len(reps)


def test_every_topic_of_a_newsletter_or_campaign_has_pages():
    topics = {page.topic for page in world().pages if page.kind in ("blog", "case", "product", "download", "pricing")}
    wanted = {each["topic"] for each in world().marketing["newsletters"]} | {each.topic for each in world().campaigns}
    assert wanted <= topics
