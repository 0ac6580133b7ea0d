"""Which facts of the log a sent form becomes: the sending, the answers, what it means, and what was agreed to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

from embudo.collector.context import page_address, path_of
from embudo.collector.place import Places
from embudo.collector.suspicion import HeadersOf, marks_of
from embudo.core.event import Door, Event
from embudo.core.intake import Drop, Envelope, Told, take
from embudo.forms.answering import Answers
from embudo.forms.content import Means
from embudo.forms.guarding import verdict_of
from embudo.privacy.consent import Act, given

NAMING = ("email", "phone")


@dataclass(frozen=True, slots=True)
class Sender:
    """What the door knows of whoever sends a form, and of the page it stands on. The address is not kept."""

    address: str
    headers: HeadersOf
    at: int  # microseconds
    browser: str = ""  # the tracker's id, where the site's visitors agreed to one
    url: str = ""
    referrer: str = ""
    utm: Mapping[str, str] | None = None
    title: str = ""

    @property
    def user_agent(self) -> str:
        """How the browser calls itself."""
        return (self.headers.get("user-agent") or "")[:512]

    @property
    def context(self) -> dict[str, Any]:
        """Where it happened, without the secrets that addresses hold."""
        url, in_address = page_address(self.url) if self.url else ("", ())
        utm = {**dict(in_address), **(self.utm or {})}
        found = {"url": url, "referrer": page_address(self.referrer)[0] if self.referrer else "", "utm": utm}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Sending:
    """Which form, how it was shown, and the id of the sending: the same answers from one showing have the same."""

    form: str
    version: int
    showing: str
    language: str
    site: str
    id: str
    means: Means
    held: bool  # consent waits for a confirmation by mail


def facts(sending: Sending, answers: Answers, sender: Sender, reasons: tuple[str, ...]) -> list[Event]:
    """Return the facts, the sending first; all of them go by the same identifier."""
    context = sender.context
    place = {"form": sending.form, "version": sending.version, "language": sending.language}
    page = {"url": context["url"], "path": path_of(context["url"])} if "url" in context else {}
    named = {name: answers.traits[name] for name in NAMING if name in answers.traits}
    who = {"traits": named} if named else {}
    waiting = {"waiting_for": [each.purpose.code for each in answers.agreed]} if sending.held and answers.agreed else {}
    told = [("form_submitted", {**place, **page, "showing": sending.showing, **waiting, "traits": answers.traits})]
    if answers.answers:
        told.append(("survey_answered", {**place, **_survey(answers), **who}))
    if sending.means is not Means.NOTHING:
        told.append((sending.means.value, {**place, **page, **who}))
    found = [_event(kind, props, sending, sender, context, bool(named), reasons) for kind, props in told]
    return found if sending.held else [*found, *_consents(sending, answers, found[0])]


def _survey(answers: Answers) -> dict[str, Any]:
    said = [{"field": each.field, "question": each.question, "answer": each.value} for each in answers.answers]
    score = {} if answers.score is None else {"score": answers.score}
    return {"fields": {each.question: each.shown for each in answers.answers}, "answers": said, **score}


def _event(
    kind: str,
    props: dict[str, Any],
    sending: Sending,
    sender: Sender,
    context: dict[str, Any],
    named: bool,
    reasons: tuple[str, ...],
) -> Event:
    """One fact by the steps of the public door. Who sends a form wants it to arrive: the site's mode is not asked."""
    envelope = Envelope(
        sending.site, Door.PUBLIC, sender.at, marks=marks_of(sender.headers, sender.user_agent),
        user_agent=sender.user_agent, place=_places(settings.EMBUDO.places).of(sender.address),
    )  # fmt: skip
    browser = sender.browser or (None if named else sending.showing)  # whoever names nobody is only this showing
    told = Told(id_of(sending.id, kind), kind, anonymous_id=browser, at=sender.at, props=props, context=context)
    event = take(told, envelope)
    if isinstance(event, Drop):  # none of the steps has a reason to
        raise AssertionError(event)
    reasons = (*event.reasons, *reasons)
    return replace(event, verdict=verdict_of(reasons, event.verdict), reasons=reasons)


def _consents(sending: Sending, answers: Answers, sent: Event) -> list[Event]:
    return [
        given(
            wording, sent.identifier, act=Act.TICKED, id=id_of(sending.id, f"consent {wording.purpose.code}"),
            at=sent.at, form=sending.form, source=sending.site, site=sending.site, door=Door.PUBLIC,
            verdict=sent.verdict, reasons=sent.reasons, anonymous_id=sent.anonymous_id, context=dict(sent.context),
        )
        for wording in answers.agreed
    ]  # fmt: skip


def id_of(sending: str, kind: str) -> str:
    """Return the id of one fact of a sending, whose own is that of the first."""
    return sending if kind == "form_submitted" else str(uuid5(NAMESPACE_URL, f"{sending} {kind}"))


@cache
def _places(path: str) -> Places:
    return Places(path)
