"""Visitors of one day, and the salt behind them."""

import json
from pathlib import Path

from embudo.collector.daily import Salts
from embudo.core.event import DAY, HOUR

NOON = 20_000 * DAY + 12 * HOUR


def visitor(
    salts: Salts, at: int = NOON, *, site: str = "norte", address: str = "203.0.113.7", agent: str = "Firefox"
) -> str:
    """The hash of a visitor."""
    return salts.visitor(site, address, agent, at=at)


def test_a_visitor_is_the_same_all_day_and_another_the_next(tmp_path: Path) -> None:
    salts = Salts(tmp_path / "salts.json")
    assert visitor(salts) == visitor(salts, NOON + 11 * HOUR) != visitor(salts, NOON + 13 * HOUR)
    assert (
        len({visitor(salts), visitor(salts, site="sur"), visitor(salts, address="::1"), visitor(salts, agent="x")}) == 4
    )


def test_all_collectors_of_a_host_see_the_same_visitor(tmp_path: Path) -> None:
    path = tmp_path / "salts.json"
    assert visitor(Salts(path)) == visitor(Salts(path))
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_salt_is_gone_after_48_hours_also_where_nobody_came(tmp_path: Path) -> None:
    path = tmp_path / "salts.json"
    salts = Salts(path)
    first = visitor(salts)
    (salt,) = json.loads(path.read_text()).values()
    salts.sweep(at=NOON + DAY)
    assert salt in path.read_text()
    salts.sweep(at=NOON + 2 * DAY)
    assert salt not in path.read_text()
    assert visitor(Salts(path)) != first


def test_a_damaged_file_or_no_disk_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / "salts.json"
    path.write_text('{"20000": "short", "x": 7}')
    assert len(visitor(Salts(path))) == 32
    nowhere = Salts(tmp_path / "missing" / "salts.json")
    assert visitor(nowhere) == visitor(nowhere)
    nowhere.sweep(at=NOON)
