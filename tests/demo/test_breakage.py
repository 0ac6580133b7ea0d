from embudo.core.event import DAY
from embudo.core.intake import Reason
from embudo.demo.breakage import REFUSED, failures
from tests.demo.conftest import UNTIL


def made(count=80, seed=1):
    return failures(count, UNTIL - 365 * DAY, UNTIL, seed)


def test_every_mishap_is_one_the_intake_refuses_and_keeps():
    found = made()
    assert len(found) == 80
    assert {failure.reason for failure in found} <= {reason.value for reason in Reason if reason.kept}
    assert len({failure.reason for failure in found}) >= 7


def test_they_are_of_the_last_quarter_and_in_order():
    instants = [failure.received_at for failure in made()]
    assert instants == sorted(instants)
    assert instants[0] >= UNTIL - 90 * DAY
    assert instants[-1] < UNTIL


def test_they_are_the_same_for_the_same_seed():
    assert made(seed=2) == made(seed=2) != made(seed=3)


def test_what_was_refused_unseen_has_reasons_of_the_door():
    assert {Reason(reason).kept for reason in REFUSED} == {False}
