"""What each reason of a failed or refused event means, in the reader's language; collector/reasons.py has the words."""

from django.utils.translation import gettext as _

from embudo.collector.reasons import WORDS, Words
from embudo.core.intake import Reason


def words_of(reason: str) -> Words:
    """Return the words of a reason; one we have no words for stands for itself."""
    if reason not in set(Reason):
        return Words(reason.replace("_", " "), "", "")
    return Words(*(_(text) for text in WORDS[Reason(reason)]))
