"""Which company somebody belongs to: by the domain of their mail, else by the name they state."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from embudo.core.event import subject_of
from embudo.leads import sql
from embudo.leads.profile import folded

SITE = re.compile(r"(?:https?://)?(?:www\.)?((?:[a-z0-9-]{1,63}\.)+[a-z]{2,63})(?:[:/?#].*)?")
SLICE = 1000  # rows deleted in one transaction
ALONE = (  # a company that is joined with none, and whose people all show where they work
    "merged_into_id IS NULL AND unsettled_after IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM leads_company c WHERE c.merged_into_id = leads_company.id)"
)

# Domains at which anybody gets an address: they say nothing of a company.
FREE_MAIL = frozenset(
    """
    gmail.com googlemail.com outlook.com outlook.es outlook.com.br hotmail.com hotmail.es hotmail.com.br hotmail.com.mx
    hotmail.com.ar hotmail.co.uk hotmail.fr hotmail.it hotmail.de live.com live.com.mx live.com.ar live.co.uk live.fr
    msn.com yahoo.com yahoo.es yahoo.com.br yahoo.com.mx yahoo.com.ar yahoo.com.co yahoo.co.uk yahoo.fr yahoo.de
    yahoo.it yahoo.in yahoo.co.in yahoo.co.jp ymail.com rocketmail.com aol.com icloud.com me.com mac.com proton.me
    protonmail.com pm.me gmx.com gmx.de gmx.net gmx.es gmx.at gmx.ch web.de t-online.de freenet.de mail.com mail.ru
    inbox.ru bk.ru list.ru yandex.com yandex.ru zoho.com zohomail.com tutanota.com tuta.io fastmail.com fastmail.fm
    hey.com hushmail.com uol.com.br bol.com.br terra.com.br ig.com.br globo.com globomail.com r7.com oi.com.br
    zipmail.com.br terra.com terra.es prodigy.net.mx telefonica.net movistar.es ono.com ya.com wanadoo.fr orange.fr
    free.fr laposte.net sfr.fr neuf.fr libero.it virgilio.it alice.it tin.it tiscali.it btinternet.com sky.com
    virginmedia.com ntlworld.com talktalk.net comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net
    charter.net earthlink.net juno.com rogers.com shaw.ca sympatico.ca bigpond.com optusnet.com.au qq.com 163.com
    126.com sina.com naver.com daum.net hanmail.net rediffmail.com speedy.com.ar fibertel.com.ar arnet.com.ar
    ciudad.com.ar une.net.co etb.net.co cantv.net vtr.net sapo.pt mail.pt clix.pt netcabo.pt iol.pt
    mailinator.com guerrillamail.com 10minutemail.com temp-mail.org yopmail.com sharklasers.com trashmail.com
    """.split()
)


@dataclass(frozen=True, slots=True)
class Employer:
    """A company as one person's attributes state it."""

    id: int
    name: str
    domain: str


def employer(attributes: Mapping[str, Any], free: Collection[str] = ()) -> Employer | None:
    """Return the company that the attributes point at, or None when they name none; `free` as in mail_domain."""
    stated = attributes.get("company")
    name = stated.strip()[:300] if isinstance(stated, str) else ""
    domain = mail_domain(attributes.get("email"), free)
    if domain:
        return Employer(subject_of(f"company:{domain}"), name or domain, domain)
    if name:
        return Employer(subject_of(by_name(name)), name, "")
    return None


def by_name(name: str) -> str:
    """Return the identifier of a company that goes by its name."""
    return f"company:name:{folded(name.strip())}"


def is_of(identifier: str, company: int) -> bool:
    """Return whether a company goes by this identifier."""
    return subject_of(identifier) == company


def domain_of(identifier: str) -> str:
    """Return the domain of a company's identifier; empty when it goes by its name."""
    text = identifier.removeprefix("company:")
    return "" if text.startswith("name:") else text


def joined() -> dict[int, int]:
    """Return whose page each company has that was joined with another (company_joins.py)."""
    return dict(sql.rows("SELECT id, merged_into_id FROM leads_company WHERE merged_into_id IS NOT NULL"))


def drop_empty(among: Collection[int] | None = None) -> None:
    """Delete the companies nobody works at and no fact is about: some, or in short slices all."""
    empty = (
        f"attributes = '{{}}' AND {ALONE} AND NOT EXISTS"
        " (SELECT 1 FROM leads_person p WHERE p.company_id = leads_company.id)"
    )
    if among is not None:
        sql.many(f"DELETE FROM leads_company WHERE id = %s AND {empty}", [(each,) for each in among])
        return
    some = f"SELECT id FROM leads_company WHERE {empty} LIMIT {SLICE}"
    while sql.one(f"DELETE FROM leads_company WHERE id IN ({some})"):
        pass


def site_domain(text: str) -> str:
    """Return the domain of a company's site or of an address as people write it; empty when it is none."""
    found = SITE.fullmatch(text.strip().lower())
    return found[1] if found else ""


def mail_domain(mail: Any, free: Collection[str] = ()) -> str:
    """Return the domain of a company's mail address; empty for free mail and what is no address.

    `free` are the domains that people here call free mail (free_mail.py).
    """
    if not isinstance(mail, str) or mail.count("@") != 1:
        return ""
    domain = mail.rpartition("@")[2].strip().lower()[:253]
    return "" if domain in FREE_MAIL or domain in free or "." not in domain else domain
