"""What a message of the Segment wire says: its time, its page and context, its properties and traits, in our names."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from embudo.core.profile import snake_case, traits_of

MAX_ID = 256  # characters in an event id, an anonymous id or a user id
MAX_DWELL_S = 12 * 3600.0

Message = Mapping[str, Any]

_CONTEXT_TEXTS = (("userAgent", "user_agent"), ("locale", "locale"), ("timezone", "timezone"))
_PROP_ALIASES = {"revenue": "amount", "category": "topic"}
_SECRETS = frozenset("email mail e token key password code auth session sid secret signature phone name".split())
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING: Message = {}


def id_of(given: object) -> str | None:
    """Return an id as text of 1 to MAX_ID characters (numbers are ids, too), else None."""
    if isinstance(given, str):
        text = given.strip()
        return text if 0 < len(text) <= MAX_ID else None
    whole = isinstance(given, int) and not isinstance(given, bool) and abs(given) < 1 << 63
    return str(given) if whole else None


def instant_of(given: object) -> int | None:
    """Return a client's timestamp (ISO 8601 text, or seconds or milliseconds since 1970) in microseconds, else None."""
    if isinstance(given, str):
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            return None
        gone = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
        return (gone.days * 86_400 + gone.seconds) * 1_000_000 + gone.microseconds
    if isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < 1e14:
        return int(given * (1_000 if given >= 1e11 else 1_000_000))
    return None


def deeper_than(value: object, levels: int) -> bool:
    """Return whether lists and objects nest more than `levels` deep."""
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if held is None:
        return False
    return levels == 0 or any(deeper_than(each, levels - 1) for each in held)


def context_of(message: Message) -> dict[str, Any]:
    """Return where and with what it happened: url, referrer, utm, user_agent, locale; never a network address."""
    given = part(message, "context")
    context: dict[str, Any] = {}
    for key, name in _CONTEXT_TEXTS:
        if (value := given.get(key)) and isinstance(value, str):
            context[name] = value
    library = given.get("library")
    if isinstance(library, dict) and isinstance(library.get("name"), str):
        context["library"] = library["name"]
    page, properties = part(given, "page"), part(message, "properties")
    if (referrer := page.get("referrer") or properties.get("referrer")) and isinstance(referrer, str):
        context["referrer"] = _address(referrer)[0]
    if (url := page.get("url") or properties.get("url")) and isinstance(url, str):
        context["url"], utm = _address(url)
        if utm:
            context["utm"] = dict(utm)
    if "campaign" in given:
        campaign = part(given, "campaign")
        stated = {key: value for key, value in campaign.items() if value and isinstance(value, str)}
        if name := stated.pop("name", ""):
            stated["campaign"] = name
        if stated:
            context["utm"] = context.get("utm", {}) | stated
    return context


FIRMOGRAPHIC = ("company_domain", "company_size", "industry", "website")


def props_of(message: Message, context: Message) -> dict[str, Any]:
    """Return the properties under the names that rules and screens read; what does not fit them is in "unusable"."""
    props: dict[str, Any] = {}
    unusable: dict[str, Any] = {}
    for key, value in part(message, "properties").items():
        name = _prop_name(key)
        if name in _READERS:
            _set(props, name, value, unusable)
        elif name:
            props[name] = value
    if message["type"] in ("page", "screen"):
        _read_page(message, props, unusable)
    elif message["type"] == "group":
        props["group_id"] = id_of(message.get("groupId"))
    elif message["type"] == "alias":
        props["previous_id"] = id_of(message.get("previousId"))
    if "url" in context and "path" not in props:
        props["path"] = _path_of(context["url"])
    _read_traits(message, props, unusable)
    if unusable:
        props["unusable"] = unusable
    return props


def part(of: Message, name: str) -> Message:
    """Return an object inside an object, empty where there is none."""
    value = of.get(name)
    return value if isinstance(value, dict) else _NOTHING


def _read_page(message: Message, props: dict[str, Any], unusable: dict[str, Any]) -> None:
    page = part(part(message, "context"), "page")
    stated = {name: page.get(name) for name in ("title", "path", "referrer")}
    stated |= {"name": message.get("name"), "topic": message.get("category")}
    for name, value in stated.items():
        if value and name not in props:
            _set(props, name, value, unusable)


def _read_traits(message: Message, props: dict[str, Any], unusable: dict[str, Any]) -> None:
    own = props.pop("traits", None)
    said = message.get("traits") or own or part(message, "context").get("traits")
    if said and isinstance(said, dict):
        traits, refused = traits_of(said)
        if message["type"] == "group":
            props["company_traits"], traits = traits, _of_company(traits)
        if traits:
            props["traits"] = traits
        if refused:
            unusable["traits"] = refused


def _of_company(traits: Mapping[str, Any]) -> dict[str, Any]:
    """What a company's traits say of somebody who works there: never a name or an address of their own."""
    stated = {name: traits[name] for name in FIRMOGRAPHIC if name in traits}
    return {"company": traits["name"], **stated} if "name" in traits else stated


def _set(props: dict[str, Any], name: str, given: Any, unusable: dict[str, Any]) -> None:
    value = _READERS[name](given)
    if value is not None:
        props[name] = value
    elif given is not None:
        unusable[name] = given


def _text(given: object) -> str | None:
    if isinstance(given, str):
        return given
    return str(given) if isinstance(given, int | float) else None


def _page_address(given: object) -> str | None:
    return _address(given)[0] if isinstance(given, str) else None


def _number(given: object) -> float | None:
    try:
        value = float(given) if isinstance(given, int | float | str) and not isinstance(given, bool) else None
    except (ValueError, OverflowError):
        return None
    return value if value is not None and -1e15 < value < 1e15 else None


def _dwell_s(given: object) -> float | None:
    value = _number(given)
    return None if value is None else min(max(value, 0.0), MAX_DWELL_S)


def _share(given: object) -> float | None:
    value = _number(given)
    return None if value is None else min(max(value, 0.0), 1.0)


# The properties that rules and screens read, and what each must be (eventlog/columns.py keeps some as columns).
_READERS: Mapping[str, Callable[[object], Any]] = {
    **dict.fromkeys(("path", "title", "topic", "name", "form", "currency"), _text),
    **dict.fromkeys(("url", "referrer"), _page_address),
    **dict.fromkeys(("amount", "score"), _number),
    "dwell_s": _dwell_s,
    "scroll_share": _share,
}


@lru_cache(maxsize=8192)
def _prop_name(key: str) -> str:
    name = snake_case(key)
    return _PROP_ALIASES.get(name, name)


@lru_cache(maxsize=8192)
def _address(url: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a page's address without its fragment and the secrets in it, and its UTM parameters."""
    bare, _, query = url.partition("#")[0].partition("?")
    scheme, separator, rest = bare.partition("://")
    host, slash, path = rest.partition("/")
    if "@" in host:
        bare = f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"
    if not query:
        return bare, ()
    utm = tuple((key[4:], value) for key, value in parse_qsl(query[:4096]) if key.startswith("utm_") and value)
    shown = "&".join(piece for piece in query.split("&") if not _tells_a_secret(piece))
    return (f"{bare}?{shown}" if shown else bare), utm


def _tells_a_secret(parameter: str) -> bool:
    return parameter.partition("=")[0].lower() in _SECRETS or "@" in parameter or "%40" in parameter


def _path_of(url: str) -> str:
    bare = url.partition("?")[0]
    _, separator, rest = bare.partition("://")
    return ("/" + rest.partition("/")[2]) if separator else (bare or "/")
