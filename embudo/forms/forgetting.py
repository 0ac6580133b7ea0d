"""What forms forget of a person who is erased: which showings were theirs (privacy/erasing.py asks)."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from embudo.forms.models import Showing

WHAT, HOW = _("Sendings of forms"), _("no longer say whose they were")


def forget(subjects: Collection[int]) -> int:
    """Take out whose the sendings of these subjects were and return how many; that they were sent still counts."""
    return Showing.objects.filter(subject__in=subjects).update(subject=None, fact="", waiting=None, ask_at=None)


def left(subjects: Collection[int]) -> int:
    """Return how many sendings still say that they were of these subjects."""
    return Showing.objects.filter(subject__in=subjects).count()
