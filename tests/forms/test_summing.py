"""What was answered is summed up on the page of the form, for the days that were chosen and without machines."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from embudo.core.event import DAY
from embudo.forms.content import Content, Field, Kind, Option, When, Widget
from embudo.forms.counts import USUAL
from embudo.forms.guarding import HONEYPOT
from embudo.forms.models import Form, Showing
from embudo.forms.summing import sums
from embudo.leads.models import Person
from tests.forms.conftest import FIELDS, fills_in, published

pytestmark = pytest.mark.usefixtures("slow_hands")
TOPICS = Field(
    "f5", Kind.QUESTION, Widget.CHOICES, label={"en": "About what?"},
    options=(Option("a", {"en": "Routes", "es": "Rutas"}), Option("b", {"en": "Prices"}), Option("c", {"en": "Else"})),
)  # fmt: skip
ASKED = (
    FIELDS[2], TOPICS, Field("f6", Kind.QUESTION, Widget.SCALE, label={"en": "Would you recommend us?"}),
    Field("f7", Kind.QUESTION, Widget.NUMBER, label={"en": "How many vans?"}),
    Field("f8", Kind.QUESTION, Widget.YES_NO, label={"en": "A visit?"}),
    Field("f9", Kind.QUESTION, Widget.LONG, label={"en": "Why?"}),
)  # fmt: skip
ONE = {"f_f3": "now", "f_f5": ["a", "b"], "f_f6": "9", "f_f7": "2", "f_f8": "yes", "f_f9": "Because"}
OTHER = {"f_f3": "later", "f_f5": ["a"], "f_f6": "4", "f_f7": "5"}


@pytest.fixture
def survey(visitor: Client, site: Any, content: Content) -> Form:
    """A survey that two people and a machine have answered."""
    made = published(site, replace(content, fields=ASKED, last=9), "survey")
    for answers in (ONE, OTHER, {**ONE, HONEYPOT: "x"}):
        fills_in(visitor, "survey", **answers)
    return made


def test_every_question_with_answers_to_count_has_its_sum(survey: Form) -> None:
    when, topics, scale, vans, visit = sums(survey, survey.draft, USUAL)
    assert [(each.label, each.count, each.share) for each in when.given] == [("Now", 1, 0.5), ("Later", 1, 0.5)]
    assert [(each.label, each.count, each.share) for each in topics.given] == [
        ("Routes", 2, 1.0), ("Prices", 1, 0.5), ("Else", 0, 0.0),
    ]  # fmt: skip
    assert (scale.answered, scale.mean, len(scale.given), scale.given[9].count) == (2, 6.5, 11, 1)
    assert (vans.answered, vans.mean, vans.given) == (2, 3.5, ())
    assert (visit.answered, [(each.label, each.count) for each in visit.given]) == (1, [("Yes", 1), ("No", 0)])


def test_only_of_the_days_that_were_chosen(survey: Form) -> None:
    Showing.objects.filter(verdict="human").update(at=Showing.objects.earliest("at").at - 8 * DAY)
    assert sums(survey, survey.draft, 7) == []
    assert sums(survey, survey.draft, 30)[0].answered == 2


def test_what_is_offered_no_more_still_counts(survey: Form) -> None:
    fewer = survey.draft.changed(replace(TOPICS, options=TOPICS.options[1:]))
    topics = sums(survey, fewer, USUAL)[1]
    assert [(each.label, each.count) for each in topics.given] == [("Prices", 1), ("Else", 0), ("a", 2)]


def test_it_stands_on_the_page_in_the_language_of_its_reader(survey: Form, staff: Any) -> None:
    client = staff()
    page = client.get("/forms/survey/").content.decode()
    assert "What they answered" in page and "2 answers" in page and "on average 6.5" in page and "Routes" in page
    assert "Qué respondieron" in client.get("/forms/survey/", headers={"accept-language": "es"}).content.decode()


def test_a_form_without_such_questions_has_none(visitor: Client, form: Form, staff: Any) -> None:
    fills_in(visitor, f_f1="ana@norte.example")
    assert "What they answered" not in staff().get("/forms/contact/").content.decode()


def test_questions_and_choices_are_called_in_the_readers_language(
    survey: Form, staff: Any, follow: Callable[[], int]
) -> None:
    waits = replace(FIELDS[1], id="f1", when=When("f3", ("now",)))
    survey.change(survey.draft.added(waits), by=None)
    client, spanish = staff("manager"), {"accept-language": "es"}
    page = client.get("/forms/survey/", headers=spanish).content.decode()
    assert "¿Cuándo?" in page and "Ahora" in page and "Rutas" in page
    page = client.get("/forms/survey/showings/sent/", headers=spanish).content.decode()
    assert "¿Cuándo?" in page and "Rutas, Prices" in page and "When?" not in page
    page = client.get("/forms/survey/build/", headers=spanish).content.decode()
    assert "“¿Cuándo?” es Ahora" in page


def test_the_timeline_tells_answers_in_the_readers_language(
    visitor: Client, site: Any, content: Content, staff: Any, follow: Callable[[], int]
) -> None:
    published(site, content)
    fills_in(visitor, f_f1="ana@norte.example", f_f3="now")
    follow()
    person = Person.objects.get(mail="ana@norte.example")
    for language, words in (("es", "¿Cuándo?: Ahora"), ("en", "When?: Now")):
        page = staff("manager").get(f"/people/{person.pk}/", headers={"accept-language": language}).content.decode()
        assert words in page
    assert "answered the questions of “Contact”" in page
