"""How the text of a setting becomes its value: a reader returns it, or raises Unfit, which says what is allowed."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from email.utils import parseaddr
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

Reader = Callable[[str], Any]
EVERY_OTHER = "*"  # in a retention: the kinds that are not named
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,99}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_DAYS = re.compile(r"([1-9][0-9]{0,4})d")


class Unfit(ValueError):
    """The text is no value of its setting; the message says why and what is allowed."""


def whole(least: int, most: int) -> Reader:
    """Return the reader of a whole number from `least` to `most`."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip()) or not least <= int(text) <= most:
            raise Unfit(f"write a whole number from {least} to {most}")
        return int(text)

    return read


port = whole(1, 65535)


def yes_or_no(text: str) -> bool:
    """Return whether the text says yes."""
    if text.lower() not in ("0", "1", "true", "false", "yes", "no"):
        raise Unfit("write 1 or 0")
    return text.lower() in ("1", "true", "yes")


def secret(text: str) -> str:
    """Return a key that nobody guesses."""
    if len(text) < 32:
        raise Unfit("it is too short to be safe: write 32 characters or more, at random, or leave it out")
    return text


def host(text: str) -> str:
    """Return an address or a name to listen on."""
    if _is_address(text) or _HOST.fullmatch(text):
        return text
    raise Unfit("write an address or a host name alone, such as 127.0.0.1, 0.0.0.0, ::1 or localhost")


def hosts(text: str) -> str:
    """Return host names with commas; one that begins with a dot stands for all below it."""
    for each in _listed(text):
        if each != "*" and not _is_address(each.strip("[]")) and not _HOST.fullmatch(each.removeprefix(".")):
            raise Unfit(f"{each!r} is no host name; write names with commas, without http:// and without a port")
    return text


def file(text: str) -> str:
    """Return the path of a file that is there and may be read."""
    if not os.access(text, os.R_OK) or not Path(text).is_file():
        raise Unfit("there is no such file, or this account may not read it")
    return text


def networks(text: str) -> str:
    """Return addresses and networks with commas."""
    for each in _listed(text):
        if not _is_network(each):
            raise Unfit(f"{each!r} is none; write addresses or networks with commas, such as 10.0.0.7, 10.1.0.0/16")
    return text


def web_address(*, path: bool) -> Reader:
    """Return the reader of an address that browsers open; with `path` it may have one."""

    def read(text: str) -> str:
        parts = _split(text)
        plain = not (parts.query or parts.fragment or parts.username) and (path or parts.path in ("", "/"))
        if parts.scheme not in ("http", "https") or not _names_host(parts) or not plain:
            raise Unfit("write an address such as https://embudo.example.com" + ("" if path else ", without a path"))
        return text

    return read


def postgresql(text: str) -> str:
    """Return the address of a PostgreSQL database."""
    parts = _split(text)
    options = dict(parse_qsl(parts.query))
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise Unfit("write postgresql://user:password@host:port/database")
    if not parts.hostname and "host" not in options:
        raise Unfit("it names no host; write postgresql://user:password@host:port/database")
    if not options.get("prepare_threshold", "0").isdecimal():
        raise Unfit("prepare_threshold is a whole number, such as 5")
    return text


def mail_server(text: str) -> str:
    """Return the address of a mail server."""
    parts = _split(text)
    if parts.scheme not in ("smtp", "smtps") or not _names_host(parts):
        raise Unfit("write smtp://user:password@host:port (smtps:// for TLS from the start, ?tls=1 for STARTTLS)")
    return text


def mail_address(text: str) -> str:
    """Return the address that mails come from, with a name before it or not."""
    _, address = parseaddr(text)
    before, found, behind = address.rpartition("@")
    if not found or not before or re.search(r"[\s<>]", address) or not _HOST.fullmatch(behind):
        raise Unfit("write an address, such as embudo@example.com or Embudo <embudo@example.com>")
    return text


def time_zone(text: str) -> str:
    """Return the name of a time zone."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        near = get_close_matches(text, sorted(available_timezones()), 1, cutoff=0.4)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise Unfit(f"write a name of the IANA list, such as America/Mexico_City or UTC{hint}") from error
    return text


def one_of(*choices: str) -> Reader:
    """Return the reader of one of some words."""

    def read(text: str) -> str:
        if text not in choices:
            raise Unfit(f"write {', '.join(choices[:-1])} or {choices[-1]}")
        return text

    return read


def retention(text: str) -> tuple[tuple[str, int], ...]:
    """Return (kind, days after which its facts leave) of each; `*` stands for every kind that is not named."""
    days: dict[str, int] = {}
    for each in _listed(text):
        kind, _, words = (part.strip() for part in each.partition("="))
        found = _DAYS.fullmatch(words)
        if found is None or not (kind == EVERY_OTHER or _KIND.fullmatch(kind)):
            raise Unfit(f"{each!r} is not KIND=DAYSd; write for example page_viewed=730d, mail_opened=365d, *=1825d")
        if kind in days:
            raise Unfit(f"it names {kind} twice")
        days[kind] = int(found[1])
    return tuple(days.items())


@dataclass(frozen=True, slots=True)
class Provider:
    """Somebody who vouches for people at sign-in: an OpenID Connect provider and what we are called there."""

    id: str  # in the address it answers to: /sign-in/with/<id>/callback/
    label: str
    client_id: str
    secret: str = field(repr=False)
    issuer: str


def providers(text: str) -> str:
    """Return a list of OpenID Connect providers, as it was written."""
    found = providers_of(text)
    if len({each.id for each in found}) < len(found):
        raise Unfit("two providers have the same name: give each its own")
    return text


def providers_of(text: str) -> list[Provider]:
    """Return the providers that a list names; raises Unfit."""
    return [_provider(part) for part in text.split()]


def _provider(text: str) -> Provider:
    name, found, address = text.partition("=")
    parts = _split(address)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    fits = found and _NAME.fullmatch(name) and parts.username and parts.password and _names_host(parts)
    if not fits or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise Unfit(
            "write name=https://client-id:secret@issuer for each provider, with blanks between them;"
            " what is no letter or figure in id and secret as %40"
        )
    issuer = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")
    label = name.replace("_", " ")
    return Provider(name.lower(), label, unquote(parts.username or ""), unquote(parts.password or ""), issuer)


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _split(text: str) -> SplitResult:
    """Take an address apart; raises Unfit when that cannot be done."""
    try:
        parts = urlsplit(text.strip())
        if parts.port == 0:
            raise ValueError("port 0")
    except ValueError as error:
        raise Unfit("its port or host cannot be read; a port is a number from 1 to 65535") from error
    return parts


def _names_host(parts: SplitResult) -> bool:
    name = parts.hostname or ""
    return _is_address(name) or bool(_HOST.fullmatch(name))


def _is_address(text: str) -> bool:
    return "/" not in text and _is_network(text)


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
