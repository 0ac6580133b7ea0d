"""Where and with what it happened: a message's page, campaign and browser, without what must not be kept of them."""

from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from embudo.collector.field import Message, part
from embudo.collector.spelling import snake_case

MAX_TEXT = 2_048  # characters of one text; no browser sends a longer address

_CONTEXT_TEXTS = (("userAgent", "user_agent"), ("locale", "locale"), ("timezone", "timezone"))
_SECRETS = frozenset(
    "email mail e token key apikey password passwd pwd code otp auth jwt session sid secret signature sig phone tel "
    "name".split()
)  # fmt: skip


def context_of(message: Message) -> dict[str, Any]:
    """Return where and with what it happened: url, referrer, utm, user_agent, locale; never a network address."""
    given = part(message, "context")
    context: dict[str, Any] = {}
    for key, name in _CONTEXT_TEXTS:
        if (value := given.get(key)) and isinstance(value, str):
            context[name] = value[:MAX_TEXT]
    library = given.get("library")
    if isinstance(library, dict) and isinstance(library.get("name"), str):
        context["library"] = library["name"][:MAX_TEXT]
    page, properties = part(given, "page"), part(message, "properties")
    if (referrer := page.get("referrer") or properties.get("referrer")) and isinstance(referrer, str):
        context["referrer"] = page_address(referrer)[0]
    if (url := page.get("url") or properties.get("url")) and isinstance(url, str):
        context["url"], utm = page_address(url)
        if utm:
            context["utm"] = dict(utm)
    if "campaign" in given:
        campaign = part(given, "campaign")
        stated = {key: value[:MAX_TEXT] for key, value in campaign.items() if value and isinstance(value, str)}
        if name := stated.pop("name", ""):
            stated["campaign"] = name
        if stated:
            context["utm"] = context.get("utm", {}) | stated
    return context


def page_address(url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a page's address without its fragment and the secrets in it, and its UTM parameters."""
    return _address(url[:MAX_TEXT])


@lru_cache(maxsize=8192)
def _address(url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    bare, _, query = url.partition("#")[0].partition("?")
    scheme, separator, rest = bare.partition("://")
    host, slash, path = rest.partition("/")
    if "@" in host:
        bare = f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"
    if not query:
        return bare, ()
    utm = tuple((key[4:], value) for key, value in parse_qsl(query) if key.startswith("utm_") and value)
    shown = "&".join(piece for piece in query.split("&") if not _tells_a_secret(piece))
    return (f"{bare}?{shown}" if shown else bare), utm


def path_of(url: str) -> str:
    """Return the path of a page's address, "/" where it names none."""
    bare = url.partition("?")[0]
    _, separator, rest = bare.partition("://")
    return ("/" + rest.partition("/")[2]) if separator else (bare or "/")


def _tells_a_secret(parameter: str) -> bool:
    """Whether a parameter has a mail address in it, or a name one of whose words stands for a secret."""
    words = snake_case(unquote_plus(parameter.partition("=")[0])).split("_")
    return "@" in parameter or "%40" in parameter or not _SECRETS.isdisjoint(words)
