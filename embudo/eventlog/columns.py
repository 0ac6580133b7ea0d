"""What a row of the log looks like: its columns, their order, and how an event becomes a row and back.

The layout is never migrated. A row says by which layout it was written; `lift` brings an older row's body
to today's when it is read.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from embudo.core.event import Door, Event, Verdict, is_anonymous

LAYOUT = 1

# The plain columns, in the order in which every storage keeps them behind (shard, offset).
PLAIN = (
    "layout", "source", "id", "kind", "at", "received_at", "known_at", "identifier", "subject", "named",
    "anonymous_id", "user_id", "site", "door", "verdict", "body",
)  # fmt: skip
HOT_TEXT = ("path", "title", "topic", "form", "name", "outcome")
HOT_NUMBER = ("dwell_s", "scroll_share", "amount", "score")
HOT = HOT_TEXT + HOT_NUMBER
ODD = "odd"  # whether a hot property of the row is not what its column can hold (a list, say): then look into the body
TRAITS = "traits"  # JSON text of the attributes the row states; they stand in the body too
COLUMNS = ("shard", "offset", *PLAIN, *HOT, ODD, TRAITS)

KIND, AT, BODY = (PLAIN.index(name) for name in ("kind", "at", "body"))

# An older layout's body -> the next layout's body, by the older layout's number.
Lift = Callable[[dict[str, Any]], dict[str, Any]]
LIFTS: dict[int, Lift] = {}

Plain = tuple[Any, ...]  # the values of PLAIN


class Row(NamedTuple):
    """One event and where it stands in the log."""

    shard: int
    offset: int
    event: Event


class NewerLayout(Exception):
    """A row was written by a newer Embudo than this one; upgrade this process before it reads on."""


class Unstorable(ValueError):
    """An event holds a value that no storage of the log can hold; the message says which."""


class Body(msgspec.Struct, omit_defaults=True):
    """What the column `body` holds, as JSON."""

    props: dict[str, Any] = msgspec.field(default_factory=dict)
    context: dict[str, Any] = msgspec.field(default_factory=dict)
    consent: dict[str, Any] = msgspec.field(default_factory=dict)
    reasons: tuple[str, ...] = ()


class _BodyOnTheWay(msgspec.Struct, omit_defaults=True):
    """Body with props that are JSON already, because the digest needed them first."""

    props: msgspec.Raw
    context: dict[str, Any]
    consent: dict[str, Any]
    reasons: tuple[str, ...] = ()


class _Subject(msgspec.Struct, array_like=True):
    """What begins like a packed row, as far as its subject."""

    layout: int
    source: str
    id: str
    kind: str
    at: int
    received_at: int
    known_at: int
    identifier: str
    subject: int


_encode = msgspec.json.Encoder(order="deterministic").encode
_encode_row = msgspec.json.Encoder().encode
_Values: Any = tuple[
    int, str, str, str, int, int, int, str, int, bool, str | None, str | None, str, str, str, msgspec.Raw
]  # fmt: skip
_decode_row = msgspec.json.Decoder(_Values).decode
_decode_subject = msgspec.json.Decoder(_Subject).decode
_decode_body = msgspec.json.Decoder(Body).decode
_VERDICTS = {each.value: each for each in Verdict}
_DOORS = {each.value: each for each in Door}
_INT64 = 2**63


def props_json(event: Event) -> bytes:
    """Return the event's props as JSON with sorted keys: the same props give the same bytes."""
    return _encode(event.props)


def packed(event: Event, props: bytes) -> bytes:
    """Return an event whose `props_json` is `props` as the tail keeps it: a JSON list of PLAIN, its body an object.

    Raises Unstorable, or another ValueError or TypeError for what JSON cannot say.
    """
    identifier = event.identifier
    content = _encode_row((
        LAYOUT, event.source, event.id, event.kind, event.at, event.received_at, event.known_at,
        identifier, event.subject, not is_anonymous(identifier), event.anonymous_id, event.user_id, event.site,
        event.door._value_, event.verdict._value_,
        _BodyOnTheWay(msgspec.Raw(props), dict(event.context), dict(event.consent), event.reasons),
    ))  # fmt: skip
    if not (
        -_INT64 <= event.at < _INT64
        and -_INT64 <= event.received_at < _INT64
        and -_INT64 <= event.known_at < _INT64
        and -_INT64 <= event.subject < _INT64
    ):
        raise Unstorable("a number beyond 64 bits")
    if b"\\u0000" in content:
        _check_texts(event)
    return content


def _check_texts(event: Event) -> None:
    words = (event.source, event.id, event.kind, event.identifier, event.anonymous_id, event.user_id, event.site)
    if any("\0" in word for word in words if word):
        raise Unstorable("a NUL character in a column of text")


def unpacked(content: bytes | str) -> Plain:
    """Return the values of PLAIN of a packed row."""
    values = _decode_row(content)
    return (*values[:BODY], bytes(values[BODY]).decode())


def repacked(values: Sequence[Any]) -> bytes:
    """Return the values of PLAIN as a packed row."""
    named = PLAIN.index("named")
    return _encode_row((*values[:named], bool(values[named]), *values[named + 1 : BODY],
                        msgspec.Raw(values[BODY].encode())))  # fmt: skip


def subject_in(content: bytes | str) -> int:
    """Return the subject of a packed row."""
    return _decode_subject(content).subject


def event_of(values: Sequence[Any]) -> Event:
    """Return the event of the values of PLAIN, lifted to today's layout; raises NewerLayout."""
    (layout, source, id_, kind, at, received_at, known_at, identifier, subject, _named,
     anonymous_id, user_id, site, door, verdict, text) = values  # fmt: skip
    body = _decode_body(text) if layout == LAYOUT else lift(layout, text)
    return Event(
        source, id_, kind, at, received_at, known_at, identifier, subject, _DOORS[door], _VERDICTS[verdict],
        body.reasons, anonymous_id, user_id, site, body.props, body.context, body.consent,
    )  # fmt: skip


def lift(layout: int, text: str) -> Body:
    """Return the body of a row of an older layout as today's Body; raises NewerLayout."""
    if layout > LAYOUT:
        raise NewerLayout(f"a row of layout {layout}; this Embudo knows layouts up to {LAYOUT}")
    body = msgspec.json.decode(text)
    for each in range(layout, LAYOUT):
        body = LIFTS[each](body) if each in LIFTS else body
    return msgspec.convert(body, Body)


def hot(props: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return the values of HOT: text where the property is text, finite numbers where it is a number, else None."""
    texts = tuple(value if isinstance(value := props.get(name), str) else None for name in HOT_TEXT)
    return texts + tuple(_number(props.get(name)) for name in HOT_NUMBER)


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def odd(props: Mapping[str, Any]) -> bool:
    """Return whether a hot property has a value that its column does not show as it is."""
    return _odd(props, hot(props))


def _odd(props: Mapping[str, Any], lifted: tuple[Any, ...]) -> bool:
    return any(
        value is not None and value is not shown and (type(value) is bool or value != shown)
        for value, shown in zip(map(props.get, HOT), lifted, strict=True)
    )


def hot_of(values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the values of HOT, ODD and TRAITS of the values of PLAIN."""
    layout, text = values[0], values[BODY]
    props = (_decode_body(text) if layout == LAYOUT else lift(layout, text)).props
    traits, lifted = props.get("traits"), hot(props)
    return (*lifted, _odd(props, lifted), _encode(traits).decode() if traits and isinstance(traits, dict) else None)


def schema() -> Any:
    """Return the pyarrow schema of COLUMNS."""
    import pyarrow as pa

    kinds = dict.fromkeys(COLUMNS, pa.string())
    kinds |= dict.fromkeys(("offset", "at", "received_at", "known_at", "subject"), pa.int64())
    kinds |= dict.fromkeys(("shard", "layout"), pa.int32())
    kinds |= dict.fromkeys(HOT_NUMBER, pa.float64()) | {"named": pa.bool_(), ODD: pa.bool_()}
    return pa.schema([(name, kinds[name]) for name in COLUMNS])
