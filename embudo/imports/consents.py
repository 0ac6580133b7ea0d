"""What a column of a file says of consent: yes, no or since when; and the receipt that tells where it came from.

The other system's words are not known here, so such a receipt names none. It says which file and row, who brought it
in, and what they stated of how these people had agreed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from embudo.core.consent import CONSENT_GIVEN, CONSENT_WITHDRAWN, EVERYTHING
from embudo.core.event import Door, Event
from embudo.imports.mapping import BadMap, ConsentMap, ImportMap
from embudo.imports.values import NO, YES, BadValue, Conventions
from embudo.imports.words import marked as _
from embudo.privacy import consent
from embudo.privacy.models import Purpose

CONSENT = "consent:"  # before a purpose: a target of columns, and a change that the report of a row tells
AGREE, REFUSE, NEITHER = "agree", "refuse", ""
WORDS = {  # what a column of consents says, in small letters
    **dict.fromkeys(YES, AGREE), **dict.fromkeys(NO, REFUSE),
    **dict.fromkeys(
        ("subscribed", "opted in", "opted-in", "opt-in", "opt in", "confirmed", "consented", "granted", "accepted",
         "consent", "suscrito", "suscrita", "acepta", "aceptado", "consentimiento", "inscrito", "inscrita", "assinante",
         "aceita", "aceito", "consentimento"), AGREE,
    ),
    **dict.fromkeys(
        ("unsubscribed", "opted out", "opted-out", "opt-out", "opt out", "withdrawn", "revoked", "dado de baja",
         "no suscrito", "descadastrado", "cancelado", "não inscrito"), REFUSE,
    ),
}  # fmt: skip
OUT = {  # what a column of opt-outs says: one that is not ticked says nothing
    **{word: NEITHER if said == AGREE else REFUSE for word, said in WORDS.items()},
    **dict.fromkeys(YES, REFUSE), **dict.fromkeys(NO, NEITHER),
}  # fmt: skip
Said = Mapping[str, tuple[bool, int]]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows of a run come from."""

    file: str = ""
    by: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a row says of one purpose; `dated`: the file says when."""

    purpose: str
    yes: bool
    at: int
    dated: bool

    @property
    def content(self) -> list[Any]:
        """What makes it another answer than an earlier run has recorded."""
        return [self.purpose, self.yes, self.at if self.dated else None]

    def withdrew_since(self, said: Said) -> bool:
        """Return whether a yes would give back what somebody took back later, or nobody knows when they said it."""
        now = said.get(self.purpose) or said.get(EVERYTHING)
        return self.yes and now is not None and not now[0] and (not self.dated or now[1] >= self.at)

    def fact(self, identifier: str, plan: ImportMap, origin: Origin, **details: Any) -> Event:
        """Return the receipt."""
        now = details.pop("now")
        made = consent.imported(
            self.purpose, identifier, yes=self.yes, at=self.at, note=plan.consents_from, file=origin.file, by=origin.by,
            source=plan.source, door=Door.IMPORT, **details,
        )  # fmt: skip
        marks = {} if self.dated else {"known_at": "assumed"}
        return replace(made, received_at=now, known_at=self.at, context={**made.context, **marks})


def changes_of(events: Sequence[Event]) -> dict[str, list[Any]]:
    """Return what receipts among these facts change, as the report of a row keeps it; the latest answer counts."""
    receipts = sorted((each for each in events if each.kind in (CONSENT_GIVEN, CONSENT_WITHDRAWN)), key=_when)
    return {f"{CONSENT}{each.props['purpose']}": [None, each.kind == CONSENT_GIVEN] for each in receipts}


def _when(receipt: Event) -> int:
    return receipt.at


def answer_of(said: ConsentMap, text: str, conventions: Conventions, row_at: int | None, now: int) -> Answer | None:
    """Return what a cell says, None where it says neither; raises BadValue.

    A yes without a time of its own is as old as its row; a no is as of now, for it must not be lost.
    """
    word = text.casefold()
    if word in said.agree:
        return Answer(said.purpose, True, now if row_at is None else row_at, dated=row_at is not None)
    if word in said.refuse:
        return Answer(said.purpose, False, now, dated=False)
    if word in said.neither:
        return None
    if not said.dates:
        raise BadValue(_("“%(text)s” says neither yes nor no") % {"text": text})
    at = conventions.instant(text)
    if at > now:
        raise BadValue(_("“%(text)s” lies ahead") % {"text": text})
    return Answer(said.purpose, said.dates == AGREE, at, dated=True)


def says_nothing(said: ConsentMap, text: str) -> bool:
    """Return whether a cell that is neither yes nor no is plain: an opt-out not ticked, or what a map itself names."""
    return not said.dates or (said.dates == REFUSE and OUT.get(text.casefold()) == NEITHER)


def check(plan: ImportMap) -> None:
    """Raise BadMap when the map names a purpose nobody is asked for."""
    there = set(Purpose.in_use().values_list("code", flat=True)) if plan.consents else set()
    if missing := sorted({each.purpose for each in plan.consents} - there):
        words = _("there is no purpose %(missing)s; there are %(purposes)s")
        raise BadMap(words % {"missing": ", ".join(missing), "purposes": ", ".join(sorted(there)) or "—"})


# -- as people confirm it on screen -----------------------------------------------------------------------

TARGETS = (CONSENT, "refusal:")


def is_consent(target: str) -> bool:
    """Return whether a column with this target says yes or no to a purpose."""
    return target.startswith(TARGETS)


def proposed(target: str, value: str) -> str:
    """Return what a value of such a column most likely says: agree, refuse, or neither."""
    words = WORDS if target.startswith("consent:") else OUT
    return words.get(value.casefold(), NEITHER)


def targets() -> list[tuple[str, str]]:
    """Return the places for columns that speak of consent, with their words."""
    asked = list(Purpose.in_use())
    agree = [
        (f"consent:{each.code}", _("Agrees to “%(purpose)s”: yes or no, or when") % {"purpose": each}) for each in asked
    ]
    refuse = [(f"refusal:{each.code}", _("Withdrew “%(purpose)s”: yes, or when") % {"purpose": each}) for each in asked]
    return agree + refuse


def document(columns: Sequence[tuple[str, str]], answers: Mapping[str, Mapping[str, str]], gone: str) -> list[Any]:
    """Return the consents of a map: of columns as (header, target), with what each of their values was said to mean.

    Who unsubscribed in the other system, at the date of the column `gone`, withdraws what the file's columns speak of.
    """
    found = []
    for header, target in columns:
        words = dict(WORDS if target.startswith("consent:") else OUT)
        words |= {value.casefold(): said for value, said in answers.get(header, {}).items()}
        by_meaning = {
            name: sorted(word for word, said in words.items() if said == meaning)
            for name, meaning in (("agree", AGREE), ("refuse", REFUSE), ("neither", NEITHER))
        }
        dates = AGREE if target.startswith("consent:") else REFUSE
        found.append({"purpose": target.partition(":")[2], "column": header, "dates": dates, **by_meaning})
    purposes = dict.fromkeys(each["purpose"] for each in found) if gone else {}
    return [*found, *({"purpose": each, "column": gone, "dates": REFUSE} for each in purposes)]
