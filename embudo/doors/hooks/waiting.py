"""Hand-offs that have become ready: who waits for an answer of sales now and did not at the last look."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from embudo.doors.hooks.kinds import HANDOFF_READY
from embudo.doors.hooks.news import News, cause, key_of
from embudo.doors.models import Waiting
from embudo.leads.models import LISTED, Person, Score
from embudo.leads.queries import scores


def news(most: int) -> list[News]:
    """Return what is to be told of at most so many who wait and are not noted yet.

    Its key is that of the sales action, so that what a merge or a rebuild finds again is not told again.
    """
    noted = Waiting.objects.filter(person=OuterRef("pk"))
    waits = Person.objects.filter(LISTED, ~Exists(noted), handoff_ready=True).order_by("id")
    people = list(waits.values_list("id", flat=True)[:most])
    engine, found = scores.online(), []
    for score in Score.objects.filter(pk__in=people).select_related("person"):
        state = engine.decode(bytes(score.state))
        action = engine.standing(state).action if state is not None else None
        if action is None:  # kept under another definition: they come up again as soon as they are read anew
            continue
        person = score.person
        told = {
            "stage": person.stage, "fit": person.fit, "engagement": round(person.engagement, 6),
            "definition_version": score.version, "causes": [cause(action.source, action.id, action.kind, action.at)],
        }  # fmt: skip
        key = key_of("ready", action.source, action.id)
        found.append(News(HANDOFF_READY, key, score.updated_at, score.updated_at, person.id, told, person.id))
    return found


def note(people: Collection[int]) -> None:
    """Remember that these people wait."""
    Waiting.objects.bulk_create([Waiting(person=each) for each in people], ignore_conflicts=True)


def let_go() -> None:
    """Forget who does not wait any more: should they wait again, that is told."""
    waits = Person.objects.filter(LISTED, pk=OuterRef("person"), handoff_ready=True)
    over = list(Waiting.objects.filter(~Exists(waits)).values_list("person", flat=True))
    if over:
        Waiting.objects.filter(person__in=over).delete()
