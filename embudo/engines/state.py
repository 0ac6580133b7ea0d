"""What the online engine remembers of one person, and its compact form in a table's row."""

from typing import Any

import msgspec

from embudo.core.lifecycle import Standing

Order = tuple[int, str, str]  # (at, id, source): the order of facts
Kept = dict[int, dict[int, list[Order]]]  # limited rule -> period of its limit -> the facts it keeps, in order
Said = tuple[int, int, str, str, Any]  # an attributes.Stated: source, at, id, origin, value
Fitted = tuple[float | None, float, tuple[int, ...], str | None]  # a scoring.Fit; criteria by their position
BEFORE_ALL: Order = (-(2**63), "", "")


class State(msgspec.Struct, array_like=True):
    """Everything kept of one person under one definition (`mark` tells which). Read it through `Online`.

    Groups, rules and criteria are known by their position in the definition. Instants are microseconds.
    """

    mark: int
    sums: list[tuple[int, tuple[float, ...]]]  # per group: landmark and partials of a curve.Sum
    lasting: list[int]  # per group, thousandths of points
    fit: Fitted
    kept: Kept = {}
    profile: dict[str, Said] = {}
    standing: Standing = Standing()
    followed_at: int = BEFORE_ALL[0]  # how far time has been followed
    latest: Order = BEFORE_ALL  # the latest fact folded
    unsettled: bool = False  # the fit changed since the stage was last settled, which a human fact does


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(State).decode
