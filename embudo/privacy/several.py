"""Writing down what several people said of one purpose, with one reason: an act of the list (leads/acts.py).

Each gets the receipt that their own page would make. To agree again after one has withdrawn is for that person alone:
whoever withdrew or refused is left as they are when others are written down as agreeing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from embudo.core.consent import EVERYTHING
from embudo.core.event import Event
from embudo.eventlog import Receipt
from embudo.leads import consents
from embudo.leads.act_facts import Step, fact_of, still_said, take_back
from embudo.leads.acts import Act as PeopleAct
from embudo.leads.acts import listed
from embudo.leads.clock import now
from embudo.leads.record import ends_of, the_log
from embudo.leads.showing import BadValue
from embudo.privacy import consent
from embudo.privacy.forms import SeveralForm
from embudo.privacy.models import Purpose
from embudo.ui import figures

SAID = ("consent_given", "consent_withdrawn")


@dataclass(frozen=True, slots=True)
class Consent(PeopleAct):
    """They agree to a purpose, or withdraw from it, and how that came about."""

    purpose: Purpose
    yes: bool
    how: str
    note: str
    language: str
    at: int
    kind: ClassVar[str] = "consent"
    label: ClassVar[Any] = gettext_lazy("Consent")
    permission: ClassVar[str] = "consents.record"
    asks: ClassVar[str] = "privacy/consent_several.html"

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "Consent":
        if isinstance(value.get("at"), int):  # as `value` wrote it; a form sends text
            purpose = Purpose.objects.filter(code=value["purpose"]).first()
            if purpose is None:
                raise BadValue(_("Choose a purpose."))
            return cls(purpose, value["yes"], value["how"], value["note"], value["language"], value["at"])
        form = SeveralForm(value)
        if not form.is_valid():
            raise BadValue(" ".join(str(each) for errors in form.errors.values() for each in errors))
        said = form.cleaned_data
        at, yes = said["at"], said["answer"] == "yes"
        moment = int(at.timestamp() * 1_000_000) if at else now()
        return cls(said["purpose"], yes, said["how"], said["note"].strip(), said["language"], moment)

    @classmethod
    def asking(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        language = get_language() or ""
        sent = given.get("sure") == "1"
        form = SeveralForm(given if sent else None, initial={"language": language})
        worded = [each for each in Purpose.in_use() if each.version]
        return {"form": form, "wordings": [each.wording(language) for each in worded]}

    @property
    def value(self) -> dict[str, Any]:
        return {
            "purpose": self.purpose.code, "yes": self.yes, "how": self.how, "note": self.note,
            "language": self.language, "at": self.at,
        }  # fmt: skip

    def plan(self, people: Collection[int]) -> list[Step]:
        said = consents.of(people)
        return [(person, None) for person in listed(people) if self._changes(said.get(person, {}))]

    def left_out(self, people: Collection[int]) -> int:
        said = consents.of(people)
        return sum(self.yes and self._withdrew(said.get(person, {})) for person in listed(people))

    def do(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        said: dict[str, Any] = {
            "yes": self.yes, "language": self.language, "by": by, "how": self.how, "note": self.note, "at": self.at,
        }  # fmt: skip
        facts = [
            consent.written_down(self.purpose, f"person:{person}", id=fact_of(run, person), **said)
            for person, _before in steps
        ]
        return ends_of(the_log().append(facts)) if facts else []

    def still(self, steps: Sequence[Step], *, run: str) -> list[Step]:
        return still_said(steps, run=run, same=self._is_about)

    def undo(self, steps: Sequence[Step], *, by: Any, run: str) -> list[Receipt]:
        return take_back(steps, by=by, run=run)

    def done(self, count: int) -> str:
        if self.yes:
            words = ngettext(
                "Written down: %(n)s person agrees to “%(purpose)s”.",
                "Written down: %(n)s people agree to “%(purpose)s”.", count,
            )  # fmt: skip
        else:
            words = ngettext(
                "Written down: no consent of %(n)s person to “%(purpose)s”.",
                "Written down: no consent of %(n)s people to “%(purpose)s”.", count,
            )  # fmt: skip
        return words % {"n": figures.number(count), "purpose": self.purpose}

    def spared(self, count: int) -> str:
        words = ngettext(
            "%(n)s person withdrew or refused and was left so.", "%(n)s people withdrew or refused and were left so.",
            count,
        )  # fmt: skip
        return words % {"n": figures.number(count)}

    def _changes(self, said: Mapping[str, tuple[bool, int]]) -> bool:
        """Whether this answer is another one than is in force."""
        given = said.get(self.purpose.code, (None, 0))[0]
        return given is not self.yes and not (self.yes and self._withdrew(said))

    def _is_about(self, event: Event) -> bool:
        """Whether a fact says something of this purpose, or of everything."""
        return event.kind in SAID and event.props.get("purpose") in (self.purpose.code, EVERYTHING)

    def _withdrew(self, said: Mapping[str, tuple[bool, int]]) -> bool:
        """Whether they said no to this purpose, or to everything before they were asked for it."""
        answer = said.get(self.purpose.code) or said.get(EVERYTHING)
        return answer is not None and not answer[0]
