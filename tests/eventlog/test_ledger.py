from embudo.eventlog import Ledger


def test_counters_of_all_shards_add_up() -> None:
    ledger = Ledger.of(
        [("received", 9), ("received", 3), ("kept", 5), ("duplicates", 2), ("failed:bad_json", 3), ("refused:rate", 2)]
    )
    assert ledger.accepted == 7
    assert ledger.failed == 3
    assert ledger.refused == {"rate": 2}
    assert ledger.balanced


def test_the_room_of_failed_bodies_is_that_of_all_sources() -> None:
    counters = [("failed_bytes", 9), ("failed_bytes:site-norte", 5), ("failed_bytes:received", -2)]
    assert (Ledger.of(counters).failed_bytes, Ledger.of(counters).received) == (12, 0)


def test_a_ledger_that_lost_something_does_not_balance() -> None:
    assert not Ledger.of([("received", 2), ("kept", 1)]).balanced


def test_a_reason_that_came_back_to_nothing_is_not_listed() -> None:
    assert Ledger.of([("failed:bad_json", 1), ("failed:bad_json", -1)]).failed_by_reason == {}
