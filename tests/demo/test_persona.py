from statistics import fmean

from embudo.collector.traits import mail_of
from embudo.demo.chance import dice
from embudo.demo.persona import employer, persona, slug
from embudo.demo.world import world


def somebody(number, **more):
    return persona(dice(1, number), 1, 300, world().sources.things[0], **more)


def test_a_company_is_the_same_for_everybody_who_works_there():
    assert employer(7, 1) is employer(7, 1)
    assert employer(7, 1) != employer(7, 2)


def test_companies_have_domains_of_their_own_that_nobody_can_own():
    domains = [employer(number, 5).domain for number in range(2500)]
    assert len(set(domains)) == len(domains)
    assert all(mail_of(f"a@{domain}") and domain.endswith(".example") for domain in domains)


def test_names_titles_and_cities_are_of_the_company_s_language_and_country():
    for number in range(300):
        who = somebody(number)
        people = world().people[who.employer.language]
        assert who.first in people["first"]
        assert who.last in people["last"]
        assert who.title in people["titles"][who.role]
        assert who.employer.city in people["cities"][who.employer.country]


def test_latent_traits_are_shares_and_budgets_are_round():
    everybody = [somebody(number) for number in range(500)]
    assert all(0 <= who.fit <= 1 and 0 < who.intent <= 1 for who in everybody)
    assert all(who.budget % 500 == 0 and who.budget > 0 for who in everybody)


def test_students_fit_badly_and_directors_well():
    everybody = [somebody(number) for number in range(2000)]
    fits = {role: fmean(who.fit for who in everybody if who.role == role) for role in ("student", "director")}
    assert fits["director"] > fits["student"] + 0.3


def test_who_was_recommended_to_us_fits_better():
    assert somebody(3, lift=0.15).fit > somebody(3).fit


def test_addresses_are_plain():
    assert slug("María José Núñez & Cía.") == "maria-jose-nunez---cia"
