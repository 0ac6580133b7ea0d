"""What forms forget of a person who is erased: which showings were theirs (privacy/erasing.py asks)."""

from embudo.forms.models import Showing
from embudo.leads.models import Identifier


def forget(people: set[int]) -> int:
    """Take out whose the sendings of these people were and return how many; that they were sent still counts."""
    linked = Identifier.objects.filter(person_id__in=people).values_list("subject", flat=True)
    theirs = Showing.objects.filter(subject__in={*people, *linked})
    return theirs.update(subject=None, fact="", waiting=None, ask_at=None)
