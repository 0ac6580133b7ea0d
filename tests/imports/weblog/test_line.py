import time

import pytest

from embudo.core.event import HOUR
from embudo.imports.weblog.line import BadLine, Damage, hit_of
from tests.imports.weblog.conftest import ANA, FIREFOX, LUIS, line

NOON = 1_747_476_303_000_000  # 17 May 2025, 10:05:03 UTC


def damage_of(text: str) -> Damage:
    """What is wrong with a line; its words repeat nothing of it."""
    with pytest.raises(BadLine) as found:
        hit_of(text)
    assert ANA not in str(found.value)
    return found.value.damage


def test_a_line_says_who_when_what_and_whence() -> None:
    hit = hit_of(line("/pricing?utm_source=fair", referrer="https://www.google.com/"))
    assert (hit.address, hit.at, hit.method, hit.target) == (ANA, NOON, "GET", "/pricing?utm_source=fair")
    assert (hit.status, hit.referrer, hit.agent) == (200, "https://www.google.com/", FIREFOX)


@pytest.mark.parametrize(("zone", "later"), [("+0000", 0), ("-0600", 6 * HOUR), ("+0530", -5 * HOUR - HOUR // 2)])
def test_the_zone_of_the_server_counts(zone: str, later: int) -> None:
    assert hit_of(line("/", zone=zone)).at == NOON + later


def test_what_was_not_said_is_empty_and_who_signed_in_is_not_read() -> None:
    hit = hit_of(line("/", who=LUIS, agent="-", user="ana.ruiz"))
    assert (hit.referrer, hit.agent) == ("", "")
    assert "ana.ruiz" not in repr(hit) + hit.rest


def test_an_address_is_in_no_words_about_a_line() -> None:
    hit = hit_of(line("/", more=f' "{ANA}, 10.0.0.1" rt=0.004'))
    assert ANA not in repr(hit)
    assert ANA not in hit.rest, "what proxies note behind the line would make a line's name open to guessing"


@pytest.mark.parametrize(
    ("written", "meant"),
    [(r"say \"hi\"", 'say "hi"'), (r"\xc3\xb1andu", "ñandu"), (r"a\\b", r"a\b"), (r"\x22q\x22", '"q"'), (r"\xff", "�")],
)
def test_what_servers_escape_is_read_as_it_was_sent(written: str, meant: str) -> None:
    assert hit_of(line("/", agent=written)).agent == meant


def test_a_server_with_several_sites_may_note_the_site_first() -> None:
    assert hit_of("norte.example:443 " + line("/")).host == "norte.example"
    assert hit_of(line("/", who=LUIS)).host == ""


@pytest.mark.parametrize(
    ("text", "damage"),
    [
        ("", Damage.FORMAT),
        (f'{ANA} - - [17/May/2025:10:05:03 +0000] "GET / HTTP/1.1" 200 1234', Damage.FORMAT),
        (line("/")[:-20], Damage.FORMAT),
        (f'{ANA} - - [17/May/2025:10:05:03 +0000] "-" 408 0 "-" "-"', Damage.REQUEST),
        (f'{ANA} - - [17/May/2025:10:05:03 +0000] "\\x16\\x03\\x01" 400 0 "-" "-"', Damage.REQUEST),
        (line("/", day="17/Mai/2025"), Damage.TIME),
        (line("/", day="31/Feb/2025"), Damage.TIME),
        (line("/", zone="+9900"), Damage.TIME),
        (line("/", day="01/Jan/1969"), Damage.TIME),
    ],
)
def test_a_damaged_line_says_what_is_wrong(text: str, damage: Damage) -> None:
    assert damage_of(text) is damage


@pytest.mark.parametrize(
    "hostile",
    [
        "a" * 65_000,
        ANA + " - - " + "[17/May/2025:10:05:03 +0000] " * 2_000,
        f'{ANA} - - [17/May/2025:10:05:03 +0000] "' + "\\" * 65_000,
        f'{ANA} - - [17/May/2025:10:05:03 +0000] "' + '\\"' * 32_000 + '" 200 1 "' + "\\x" * 10_000,
        "a:1 " * 16_000,
    ],
)
def test_a_line_made_to_be_slow_is_not(hostile: str) -> None:
    began = time.process_time()
    damage_of(hostile)
    assert time.process_time() - began < 1
