"""The fit of one person after the other: criteria compiled once, and each combination of their answers scored once.

What a fit is made of says `core.scoring.fit` alone. It depends only on which conditions hold and which of the
attributes they name are known, and few of these combinations ever occur.
"""

from collections.abc import Mapping
from typing import Any

from embudo.core import scoring
from embudo.core.condition import names
from embudo.core.definition import Definition
from embudo.engines.predicate import of_attributes
from embudo.engines.state import Fitted

COMBINATIONS_KEPT = 4096  # any more and they are scored anew


class Fits:
    """The fits of one definition, as a person's kept state holds them."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        conditions = [each.when for each in (*definition.criteria, *definition.disqualifiers)]
        self.names = frozenset(name for each in conditions for name in names(each))
        self._names = tuple(sorted(self.names))
        self._holds = tuple(map(of_attributes, conditions))
        self._found: dict[tuple[bool, ...], Fitted] = {}

    def of(self, attributes: Mapping[str, Any]) -> Fitted:
        """Return the fit of a person with these attributes."""
        known = [attributes.get(name) is not None for name in self._names]
        answers = (*known, *[holds(attributes) for holds in self._holds])
        found = self._found.get(answers)
        if found is None:
            if len(self._found) >= COMBINATIONS_KEPT:
                self._found.clear()
            found = self._found[answers] = self._scored(attributes)
        return found

    def _scored(self, attributes: Mapping[str, Any]) -> Fitted:
        fit = scoring.fit(attributes, self.definition)
        met = tuple(index for index, each in enumerate(self.definition.criteria) if each in fit.met)
        return (fit.score, fit.known_share, met, fit.disqualified_by)
