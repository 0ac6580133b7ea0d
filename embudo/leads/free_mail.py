"""Mail domains that people here call nobody's company, besides those that everybody knows (companies.py).

A domain is an ordinary record. What it means for the people with an address there is derived: whoever follows brings
their rows in line, a slice at a time.
"""

import re
from collections.abc import Set as AbstractSet

from django.db import transaction
from django.utils.translation import gettext as _

from embudo.leads import companies, sql
from embudo.leads.clock import now
from embudo.leads.models import FreeMail
from embudo.leads.profile_rows import bring_in_line
from embudo.leads.showing import BadValue

SLICE = 500  # people of one transaction
_DOMAIN = re.compile(r"(?=.{3,253}$)([\w-]+\.)+[\w-]{2,}")
_PEOPLE = (
    "SELECT id, company_id, attributes FROM leads_person"
    " WHERE id > %s AND merged_into_id IS NULL AND lower(mail) LIKE %s ORDER BY id LIMIT %s"
)


def own() -> AbstractSet[str]:
    """Return the domains that people here call free mail."""
    return frozenset(FreeMail.objects.filter(free=True).values_list("domain", flat=True))


def domain_typed(text: str) -> str:
    """Return the domain that was typed, also as a mail address; raises BadValue."""
    domain = text.strip().lower().rpartition("@")[2]
    if not _DOMAIN.fullmatch(domain):
        raise BadValue(_("“%(text)s” is no mail domain. Write one such as mail.example.") % {"text": text.strip()[:80]})
    if domain in companies.FREE_MAIL:
        raise BadValue(_("%(domain)s is known as free mail already.") % {"domain": domain})
    return domain


def say(domain: str, *, free: bool) -> bool:
    """Keep whether addresses at a domain are anybody's; return whether that is new."""
    found = FreeMail.objects.filter(domain=domain).first()
    if (found is not None and found.free) == free:
        return False
    FreeMail.objects.update_or_create(domain=domain, defaults={"free": free, "at": now(), "settled": False})
    return True


def pending() -> bool:
    """Return whether people's rows still show what a domain was before."""
    return FreeMail.objects.filter(settled=False).exists()


def settle() -> None:
    """Bring the people of every domain that was called something else in line; for whoever follows."""
    for each in FreeMail.objects.filter(settled=False).order_by("pk"):
        after: int | None = -(2**63)
        while after is not None:
            after = _settle_some(each.domain, after)
        FreeMail.objects.filter(pk=each.pk, at=each.at).update(settled=True)


def _settle_some(domain: str, after: int) -> int | None:
    """Bring the next people of a domain in line and return the last of them; None: there were no more."""
    free, people = own(), sql.rows(_PEOPLE, [after, f"%@{domain}", SLICE])
    if not people:
        return None
    with transaction.atomic():
        touched = bring_in_line(people, free)
        sql.many("UPDATE leads_company SET rolled_at = 0 WHERE id = %s", [(each,) for each in touched])
        companies.drop_empty(touched)
    return int(people[-1][0])
