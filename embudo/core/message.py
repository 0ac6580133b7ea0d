"""What a message of the Segment wire says: its time, its page and context, its properties and traits, in our names."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from embudo.core.profile import snake_case, traits_of

MAX_ID = 256  # characters in an event id, an anonymous id or a user id
MAX_DWELL_S = 12 * 3600.0

Message = Mapping[str, Any]

_CONTEXT_TEXTS = (("userAgent", "user_agent"), ("locale", "locale"), ("timezone", "timezone"))
_TEXT_PROPS = ("path", "url", "title", "topic", "name", "form", "currency", "referrer")
_NUMBER_PROPS = ("dwell_s", "scroll_share", "amount", "score")
_PROP_ALIASES = {"revenue": "amount", "category": "topic"}
_CAMPAIGN_ALIASES = {"name": "campaign"}
_SECRETS = frozenset("email mail e token key password code auth session sid secret signature phone name".split())
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING: Message = {}


def id_of(given: object) -> str | None:
    """Return an id as text of 1 to MAX_ID characters (numbers are ids, too), else None."""
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 1 << 63:
        return str(given)
    text = given.strip() if isinstance(given, str) else ""
    return text if 0 < len(text) <= MAX_ID else None


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
    page = part(given, "page")
    context: dict[str, Any] = {name: given[key] for key, name in _CONTEXT_TEXTS if _is_text(given.get(key))}
    if _is_text(library := part(given, "library").get("name")):
        context["library"] = library
    properties = part(message, "properties")
    if _is_text(referrer := page.get("referrer") or properties.get("referrer")):
        context["referrer"] = _address(referrer)[0]
    if _is_text(url := page.get("url") or properties.get("url")):
        context["url"], utm = _address(url)
        if utm:
            context["utm"] = dict(utm)
    if campaign := part(given, "campaign"):
        stated = {_CAMPAIGN_ALIASES.get(key, key): value for key, value in campaign.items() if _is_text(value)}
        context["utm"] = context.get("utm", {}) | stated
    return context


def props_of(message: Message, context: Message) -> dict[str, Any]:
    """Return the properties under the names that rules and screens read; what does not fit them is in "unusable"."""
    props = {name: value for key, value in part(message, "properties").items() if (name := _prop_name(key))}
    unusable: dict[str, Any] = {}
    if message["type"] in ("page", "screen"):
        _read_page(message, props)
    for name in _TEXT_PROPS:
        if name in props and not isinstance(props[name], str):
            _as_text(props, name, unusable)
    for name in _NUMBER_PROPS:
        if name in props:
            _as_number(props, name, unusable)
    for name in ("url", "referrer"):
        if name in props:
            props[name] = _address(props[name])[0]
    if "path" not in props and "url" in context:
        props["path"] = _path_of(context["url"])
    _read_traits(message, props, unusable)
    if unusable:
        props["unusable"] = unusable
    return props


def part(of: Message, name: str) -> Message:
    """Return an object inside an object, empty where there is none."""
    value = of.get(name)
    return value if isinstance(value, dict) else _NOTHING


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _read_page(message: Message, props: dict[str, Any]) -> None:
    page = part(part(message, "context"), "page")
    for name in ("title", "path", "referrer"):
        if name not in props and page.get(name):
            props[name] = page[name]
    if message.get("name"):
        props.setdefault("name", message["name"])
    if message.get("category"):
        props.setdefault("topic", message["category"])


def _read_traits(message: Message, props: dict[str, Any], unusable: dict[str, Any]) -> None:
    kind = message["type"]
    if kind == "group":
        props["group_id"] = id_of(message.get("groupId"))
    elif kind == "alias":
        props["previous_id"] = id_of(message.get("previousId"))
    own = part(props, "traits")
    props.pop("traits", None)
    if said := part(message, "traits") or own or part(part(message, "context"), "traits"):
        props["traits"], refused = traits_of(said)
        if refused:
            unusable["traits"] = refused


def _as_text(props: dict[str, Any], name: str, unusable: dict[str, Any]) -> None:
    value = props.pop(name)
    if isinstance(value, int | float):
        props[name] = str(value)
    elif value is not None:
        unusable[name] = value


def _as_number(props: dict[str, Any], name: str, unusable: dict[str, Any]) -> None:
    given = props.pop(name)
    try:
        value = float(given) if isinstance(given, int | float | str) and not isinstance(given, bool) else None
    except (ValueError, OverflowError):
        value = None
    if value is None or not -1e15 < value < 1e15:
        if given is not None:
            unusable[name] = given
        return
    ceiling = {"dwell_s": MAX_DWELL_S, "scroll_share": 1.0}.get(name)
    props[name] = value if ceiling is None else min(max(value, 0.0), ceiling)


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
