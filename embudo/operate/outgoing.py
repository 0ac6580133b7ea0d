"""Check of webhooks: whether one was paused because it failed, and whether deliveries wait though they are due."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from embudo.config import Config
from embudo.doors.models import Delivery, Endpoint
from embudo.operate.finding import Finding, bad, note

LATE = timedelta(minutes=15)


def webhooks(config: Config) -> list[Finding]:
    """Look at the webhooks of the install; nothing to say when all is well."""
    mine = Endpoint.objects.filter(retired_at=None)
    paused = list(
        mine.exclude(paused_at=None).exclude(paused_why=Endpoint.Paused.BY_HAND).values_list("name", flat=True)
    )
    found = []
    if paused:
        what = _("Webhooks: paused because they kept failing: %(names)s") % {"names": ", ".join(paused)}
        why = _("Other software is not told what happens here; it waits, and nothing is lost.")
        how = _("See what they answered on the page Webhooks, mend that, and resume them there.")
        found.append(note(what, why, how))
    live = mine.filter(paused_at=None)
    late = Delivery.objects.filter(
        endpoint__in=live, state=Delivery.State.WAITING, next_at__lt=timezone.now() - LATE
    ).count()
    if late:
        words = ngettext("Webhooks: %(n)d delivery is overdue", "Webhooks: %(n)d deliveries are overdue", late)
        why = _("Nobody sends them: the process deliver does not run, or there is too much for one.")
        found.append(bad(words % {"n": late}, why, f"embudo deliver --data {config.data}"))
    return found
