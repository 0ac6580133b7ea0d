"""`embudo ledger`."""

import json

from embudo.eventlog import Failure, open_log
from tests.install import Install


def test_the_ledger_is_printed_and_adds_up(install: Install) -> None:
    install.embudo("prepare")
    open_log(install.config).commit(failures=[Failure("www", "not_json", b"{", 1)], refused={"rate_limited": 41})
    said = install.embudo("ledger")
    assert "42  received" in said and "41      rate_limited" in said and "It adds up" in said
    figures = json.loads(install.embudo("ledger", "--json"))
    assert figures["received"] == figures["accepted"] + sum(figures["failed"].values()) + sum(
        figures["refused"].values()
    )
    assert figures["balanced"] is True
