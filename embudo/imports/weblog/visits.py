"""What a request becomes in the log: the fact of a visit, by the rules for what a browser tells the collector."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from embudo.collector.daily import visitor_of
from embudo.collector.message import event_of
from embudo.core.consent import ConsentMode
from embudo.core.event import DAY, Door, Event
from embudo.core.intake import Drop, Envelope, verdict_of
from embudo.imports.weblog.asked import Thing
from embudo.imports.weblog.line import Hit
from embudo.leads.touch import same_site

SALT_BYTES = 32
WEB = ("http", "https")
DOMAIN = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}|localhost")


@dataclass(frozen=True, slots=True)
class Place:
    """The site whose log it is: its public id, and the domain of its pages, as a log does not name it."""

    site: str
    domain: str

    @property
    def name(self) -> str:
        """The name of the import: its facts' source is "import:<name>"."""
        return f"visits:{self.site}"

    @property
    def source(self) -> str:
        """The source of its facts."""
        return f"import:{self.name}"

    def holds(self, host: str) -> bool:
        """Return whether a host is of this site, with or without www."""
        return same_site(host, self.domain)

    def elsewhere(self, hit: Hit) -> bool:
        """Return whether a request was for another site: the line says so, or a proxy was looked for."""
        host = hit.host or self.domain
        if hit.target[:1] != "/":
            host = _host(hit.target)
        return not self.holds(host)

    def url(self, hit: Hit) -> str:
        """Return the address of what was asked for, under the host by which the visitor moves on this site."""
        referring = _host(hit.referrer)
        host = referring if referring and self.holds(referring) else self.domain
        scheme = urlsplit(hit.referrer).scheme if host == referring else "https"
        path = hit.target if hit.target[:1] == "/" else "/" + hit.target.partition("://")[2].partition("/")[2]
        return f"{scheme if scheme in WEB else 'https'}://{host}{path}"


@dataclass(frozen=True, slots=True)
class Salt:
    """The secret of one import, by which visitors have a name for one day. It dies with the import."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(SALT_BYTES), repr=False)

    @classmethod
    def beside(cls, log: Path) -> "Salt":
        """Return the salt that lies beside an uploaded log, made once: work may be paused. Both go together."""
        file, new = log.with_name("salt"), log.with_name("salt.new")
        if not file.exists():
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as made:
                made.write(secrets.token_bytes(SALT_BYTES))
            os.replace(new, file)  # never half a salt
        return cls(file.read_bytes())

    def visitor(self, place: Place, hit: Hit) -> str:
        """Return the name of a visitor for the day, in UTC, of a request."""
        salt = blake2b((hit.at // DAY).to_bytes(8, "big"), key=self.secret, digest_size=32).digest()
        return visitor_of(salt, place.site, hit.address, hit.agent[:1024])


def visit_of(
    hit: Hit, thing: Thing, place: Place, *, id: str, visitor: str, marks: tuple[str, ...], where: Mapping[str, str],
    now: int,
) -> Event | Drop:  # fmt: skip
    """Return the fact of a page seen or a file fetched; a Drop where it cannot be one, such as one of the future."""
    url = place.url(hit)
    message: dict[str, Any] = {
        "type": "page",
        "messageId": id,
        "timestamp": hit.at / 1_000_000,
        "context": {"page": {"url": url, "referrer": hit.referrer}, "userAgent": hit.agent[:512]},
    }
    if thing is Thing.DOWNLOAD:
        name = urlsplit(url).path.rpartition("/")[2]
        message |= {"type": "track", "event": "content_downloaded", "properties": {"url": url, "name": name}}
    envelope = Envelope(
        site=place.site, door=Door.IMPORT, received_at=now, daily=visitor, place=where, history=True,
        mode=ConsentMode.COOKIELESS,
    )  # fmt: skip
    event = event_of(message, envelope)
    if isinstance(event, Drop):
        return event
    return replace(event, source=place.source, verdict=verdict_of(marks), reasons=marks)


def domain_of(text: str) -> str:
    """Return the host of what people write as a site's domain; empty when it is none."""
    host = _host(text.strip() if "://" in text else f"https://{text.strip()}")
    return host if DOMAIN.fullmatch(host) else ""


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
