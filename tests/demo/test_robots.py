from collections import Counter

from embudo.core.event import DAY, Verdict
from embudo.demo.robots import crawls
from embudo.demo.world import world
from tests.demo.conftest import UNTIL


def test_robots_read_day_and_night_and_are_known_for_what_they_are():
    found = list(crawls(2400, UNTIL - 100 * DAY, UNTIL, 1))
    assert [fact.at for fact in found] == sorted(fact.at for fact in found)
    assert {fact.verdict for fact in found} == {Verdict.MACHINE}
    by_hour = Counter(fact.at // (DAY // 24) % 24 for fact in found)
    assert max(by_hour.values()) < 1.6 * min(by_hour.values())


def test_the_commonest_robot_comes_most_often():
    found = Counter(fact.reasons[0] for fact in crawls(2000, UNTIL - 100 * DAY, UNTIL, 1))
    wanted = {row["reason"]: row["weight"] for row in world().marketing["robots"]}
    assert found.keys() == wanted.keys()
    assert found.most_common(1)[0][0] == max(wanted, key=wanted.__getitem__)
