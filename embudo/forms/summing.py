"""What people answered to the questions of a form, summed up: how often each answer was given, or the average."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from embudo.forms import counts
from embudo.forms.answering import label_here
from embudo.forms.content import Content, Field, Kind, Widget
from embudo.forms.facts import id_of
from embudo.forms.models import Form
from embudo.forms.retelling import choices_here, key_of
from embudo.leads.record import the_log

MOST = 2000  # sendings that are summed up, the latest ones
COUNTED = (Widget.CHOICE, Widget.CHOICES, Widget.YES_NO, Widget.SCALE)
AVERAGED = (Widget.SCALE, Widget.NUMBER)


@dataclass(frozen=True, slots=True)
class Given:
    """How often one answer was given."""

    label: str
    count: int
    share: float  # of those who answered the question


@dataclass(frozen=True, slots=True)
class Sum:
    """What became of one question."""

    label: str
    answered: int
    mean: float | None
    given: tuple[Given, ...]


def questions(content: Content) -> list[Field]:
    """Return the questions whose answers can be summed up."""
    return [each for each in content.fields if each.kind is Kind.QUESTION and each.widget in (*COUNTED, *AVERAGED)]


def sums(form: Form, content: Content, days: int) -> list[Sum]:
    """Return the sum of each question that was answered in the last days, machines left out; raises LogUnavailable."""
    sent = counts.showings(form, days).filter(counts.SENT, subject__isnull=False).exclude(fact="")
    rows = sent.order_by("-sent_at").values_list("fact", "subject")[:MOST]
    wanted = {id_of(fact, "survey_answered") for fact, _subject in rows}
    history = the_log().history({subject for _fact, subject in rows}) if rows else []
    facts = [each for each in history if each.id in wanted and each.source == form.site.public_id]
    answers = [each for fact in facts for each in _answers(fact.props.get("answers"))]
    found = (_sum(each, content, [value for id, value in answers if id == each.id]) for each in questions(content))
    return [each for each in found if each.answered]


def _answers(kept: Any) -> Iterable[tuple[Any, Any]]:
    return [(each.get("field"), each.get("answer")) for each in kept if isinstance(each, dict)] if kept else []


def _sum(field: Field, content: Content, values: list[Any]) -> Sum:
    numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    mean = sum(numbers) / len(numbers) if field.widget in AVERAGED and numbers else None
    return Sum(label_here(field, content), len(values), mean, tuple(_given(field, content, values)))


def _given(field: Field, content: Content, values: list[Any]) -> Iterable[Given]:
    """Each answer offered, in its order, then those that are offered no more."""
    if field.widget not in COUNTED:
        return
    often = Counter(key_of(one) for value in values for one in (value if isinstance(value, list) else [value]))
    offered = dict(choices_here(field, content))
    for key in dict.fromkeys([*offered, *sorted(often)]):
        yield Given(offered.get(key, key), often[key], often[key] / len(values) if values else 0.0)
