"""Whom an act on several people did not change, and why: they are so already, must not be, or are gone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from embudo.leads.act_facts import Step
from embudo.leads.acts import Act, Merge, listed
from embudo.ui import figures


@dataclass(frozen=True, slots=True)
class Unchanged:
    """How many of those selected an act left as they are; `gone` were merged or erased meanwhile."""

    already: int
    left_out: int
    gone: int

    @classmethod
    def of(cls, act: Act, people: Collection[int], steps: Sequence[Step]) -> "Unchanged":
        """Return it for an act that changes these people by these steps (queries)."""
        there, left_out = len(listed(people)), act.left_out(people)
        already = 0 if isinstance(act, Merge) else max(0, there - left_out - len(steps))
        return cls(already, left_out, len(people) - there)

    def words(self, act: Act) -> str:
        """Say it, each kind in a sentence; nothing where everybody changed."""
        already = ngettext("%(n)s was so already.", "%(n)s were so already.", self.already)
        gone = ngettext("%(n)s is no longer here.", "%(n)s are no longer here.", self.gone)
        said = [already % {"n": figures.number(self.already)}] if self.already else []
        said += [act.spared(self.left_out)] if self.left_out else []
        said += [gone % {"n": figures.number(self.gone)}] if self.gone else []
        return " ".join(said)

    def nobody(self, act: Act) -> str:
        """Say why nobody changed."""
        if self.already and not (self.left_out or self.gone):
            return _("Nobody changed: all of them are so already.")
        return f"{_('Nobody changed.')} {self.words(act)}".strip()


def since_then(count: int) -> str:
    """Say that so many have changed since an act, so that its Undo leaves them as they are."""
    if not count:
        return ""
    words = ngettext("%(n)s has changed since and stays so.", "%(n)s have changed since and stay so.", count)
    return words % {"n": figures.number(count)}
