"""Two forms of the demo company, and how often visitors saw them, began and left: around the facts of the history.

Whoever sent one is a fact already. A showing of each such fact is added, and the showings of those who left, in a
number and at places that one seed settles.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from django.db import transaction

from embudo.capture.models import Site
from embudo.core.event import DAY, SECOND, Event
from embudo.demo.chance import dice
from embudo.demo.world import WWW
from embudo.forms.content import Content, Field, Kind, Widget
from embudo.forms.models import Form, Showing, Touched, Version
from embudo.forms.presets import BY_CODE

ASKED = ("company", "title", "role", "industry", "company_size", "country", "city", "budget")
NAMES = {"contact": "Contact", "demo": "Request for a demo"}
LEFT_OF_BEGUN, BEGUN_OF_SEEN = 0.46, 0.38
GROUP = 500  # rows of one transaction


def wanted(facts: Iterable[Event]) -> list[Event]:
    """Return the sendings of these forms among facts."""
    return [each for each in facts if each.kind == "form_submitted" and each.props.get("form") in NAMES]


def make(sendings: list[Event], *, seed: int, start: int) -> int:
    """Make the forms and their showings where they are not there yet; return how many showings there are."""
    site = Site.objects.get(public_id=WWW)
    for slug, name in NAMES.items():
        if not Form.objects.filter(slug=slug).exists():
            made = Form.open(name=name, slug=slug, site=site, content=_content(slug), by=None)
            made.publish(by=None)
            Version.objects.filter(form=made).update(at=datetime.fromtimestamp(start / SECOND, UTC))
    forms = {form.slug: (form, [each.id for each in form.draft.fields if each.asked]) for form in Form.objects.all()}
    rows, touched = [], []
    for number, fact in enumerate(sorted(sendings, key=lambda each: each.order)):
        form, ids = forms[str(fact.props["form"])]
        row, fields = _sent(form, ids, fact)
        rows.append(row)
        touched.append(fields)
        for row, fields in _others(form, ids, fact, seed=seed, number=number, start=start):
            rows.append(row)
            touched.append(fields)
    _keep(rows, touched)
    return len(rows)


def _content(slug: str) -> Content:
    content = BY_CODE[slug].make()
    if slug == "contact":
        return content
    who = tuple(each for each in content.fields if each.name in ("first_name", "last_name", "email"))
    content = replace(content, fields=who, business_mail=False)
    for name in ASKED:
        widget = {"company_size": Widget.NUMBER, "budget": Widget.NUMBER, "country": Widget.CHOICE}.get(
            name, Widget.TEXT
        )
        content = content.added(Field("", Kind.ATTRIBUTE, widget, name, required=name == "company"))
    label = {"en": "How many teams are on the road?", "es": "¿Cuántos equipos tiene en ruta?"}
    label["pt-br"] = "Quantas equipes você tem na rua?"
    content = content.added(Field("", Kind.QUESTION, Widget.NUMBER, label=label))
    return content.added(Field("", Kind.CONSENT, name="newsletter"))


def _sent(form: Form, ids: list[str], fact: Event) -> tuple[Showing, list[str]]:
    at = fact.at - 60 * SECOND
    row = Showing(
        id=fact.id.replace("-", "")[:32], form=form, version=1, at=at, path=str(fact.props.get("path", ""))[:300],
        started_at=at, last_field=ids[-1], fact=fact.id, subject=fact.subject, sent_at=fact.received_at,
        verdict=fact.verdict.value, reasons=list(fact.reasons),
    )  # fmt: skip
    return row, ids


def _others(
    form: Form, ids: list[str], fact: Event, *, seed: int, number: int, start: int
) -> Iterable[tuple[Showing, list[str]]]:
    """Those who saw the form about as long ago and did not send it."""
    random = dice(seed, 91, number)
    left = random.random() < LEFT_OF_BEGUN / (1 - LEFT_OF_BEGUN)
    only_looked = int(random.random() * 2 * (1 + left) * (1 / BEGUN_OF_SEEN - 1) + 0.5)
    for each in range(only_looked + left):
        at = max(start, fact.at - int(random.random() * 5 * DAY))
        reached = ids[: 1 + int(random.random() ** 1.7 * len(ids))] if left and each == 0 else []
        yield Showing(
            id=f"{random.getrandbits(128):032x}", form=form, version=1, at=at,
            path=str(fact.props.get("path", ""))[:300], started_at=at if reached else None,
            last_field=reached[-1] if reached else "",
        ), reached  # fmt: skip


def _keep(rows: list[Showing], touched: list[list[str]]) -> None:
    for place in range(0, len(rows), GROUP):
        some = list(zip(rows[place : place + GROUP], touched[place : place + GROUP], strict=True))
        with transaction.atomic():
            Showing.objects.bulk_create([row for row, _ids in some], ignore_conflicts=True)
        fields = [Touched(showing=row, field=id, form=row.form, at=row.at) for row, ids in some for id in ids]
        for first in range(0, len(fields), GROUP):
            Touched.objects.bulk_create(fields[first : first + GROUP], ignore_conflicts=True)
