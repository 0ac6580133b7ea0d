"""What a message says happened: its properties and traits, under the names that rules and screens read."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from embudo.collector.context import page_address, path_of
from embudo.collector.field import Message, id_of, part
from embudo.collector.spelling import snake_case
from embudo.collector.traits import traits_of

MAX_DWELL_S = 12 * 3600.0
FIRMOGRAPHIC = ("company_domain", "company_size", "industry", "website")

_PROP_ALIASES = {"revenue": "amount", "category": "topic"}


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
        props.pop("search", None)  # the query of the address, as it stands there
        _read_page(message, props, unusable)
    elif message["type"] == "group":
        props["group_id"] = id_of(message.get("groupId"))
    elif message["type"] == "alias":
        props["previous_id"] = id_of(message.get("previousId"))
    if "url" in context and "path" not in props:
        props["path"] = path_of(context["url"])
    _read_traits(message, props, unusable)
    if unusable:
        props["unusable"] = unusable
    return props


def _read_page(message: Message, props: dict[str, Any], unusable: dict[str, Any]) -> None:
    page = part(part(message, "context"), "page")
    stated = (
        ("title", page.get("title")),
        ("path", page.get("path")),
        ("referrer", page.get("referrer")),
        ("name", message.get("name")),
        ("topic", message.get("category")),
    )
    for name, value in stated:
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


def _path(given: object) -> str | None:
    text = _text(given)
    return path_of(page_address(text)[0]) if text else text


def _page_address(given: object) -> str | None:
    return page_address(given)[0] if isinstance(given, str) else None


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
    **dict.fromkeys(("title", "topic", "name", "form", "currency"), _text),
    "path": _path,
    **dict.fromkeys(("url", "referrer"), _page_address),
    **dict.fromkeys(("amount", "score"), _number),
    "dwell_s": _dwell_s,
    "scroll_share": _share,
}


@lru_cache(maxsize=8192)
def _prop_name(key: str) -> str:
    name = snake_case(key)
    return _PROP_ALIASES.get(name, name)
