import os
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from embudo.core.event import DAY, Door, Verdict, is_anonymous, subject_of
from embudo.core.intake import MAX_AHEAD
from embudo.core.kind import needs_trust
from embudo.demo.history import history
from tests.demo.conftest import UNTIL, YEAR, definition

_encode = msgspec.json.Encoder(order=None).encode


def facts(people=600, days=YEAR, seed=1, until=UNTIL):
    return list(history(people=people, days=days, seed=seed, until=until, definition=definition()))


def fingerprint(**wanted):
    """The hash of every byte of every fact, keys in the order in which they stand."""
    total = sha256()
    for fact in facts(**wanted):
        total.update(_encode(fact) + b"\n")
    return total.hexdigest()


def test_equal_arguments_give_equal_bytes():
    assert fingerprint() == fingerprint()


def test_another_process_with_other_hashes_gives_the_same_bytes():
    code = "from tests.demo.test_history import fingerprint; print(fingerprint(people=200))"
    printed = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert printed == [fingerprint(people=200)] * 2


def test_another_seed_gives_another_history():
    assert fingerprint(seed=1, people=100) != fingerprint(seed=2, people=100)


@settings(max_examples=25, deadline=None)
@given(
    people=st.integers(0, 250),
    days=st.integers(1, 800),
    seed=st.integers(0, 2**63),
    until=st.integers(1_500_000_000_000_000, 2_000_000_000_000_000),
)
def test_every_history_keeps_the_rules_of_the_log(people, days, seed, until):
    found = facts(people, days, seed, until)
    assert all(one.received_at <= other.received_at for one, other in pairwise(found))
    assert len({fact.key for fact in found}) == len(found)
    for fact in found:
        assert until - days * DAY <= fact.at <= fact.received_at + MAX_AHEAD
        assert fact.received_at <= until
        assert fact.subject == subject_of(fact.identifier)
        assert fact.door is not Door.PUBLIC or not needs_trust(fact.kind)


def test_only_facts_are_in_it_never_what_embudo_derives():
    assert {fact.door for fact in facts()} == {Door.PUBLIC, Door.SECRET, Door.APP, Door.IMPORT}


def test_machines_are_marked_with_their_reasons():
    machines = [fact for fact in facts() if fact.verdict is Verdict.MACHINE]
    assert {fact.kind for fact in machines} == {"page_viewed", "mail_opened", "mail_clicked"}
    assert all(fact.reasons for fact in machines)


def test_mail_scanners_click_within_seconds_of_delivery():
    found = facts(people=3000)
    sent = {(f.identifier, f.props["mail"]): f.at for f in found if f.kind == "mail_delivered"}
    scanned = [f for f in found if f.kind == "mail_clicked" and f.verdict is Verdict.MACHINE]
    assert len(scanned) > 50
    assert all(f.at - sent[f.identifier, f.props["mail"]] < 20_000_000 for f in scanned)


def test_the_documentation_sets_no_cookie():
    docs = [fact for fact in facts() if fact.site == "demo-docs"]
    assert docs
    assert all(fact.identifier.startswith("daily:") and fact.anonymous_id is None for fact in docs)


def test_a_second_browser_leads_to_the_same_mailbox():
    browsers = Counter(
        fact.identifier
        for fact in {(f.identifier, f.anonymous_id): f for f in facts(2000) if f.kind == "form_submitted"}.values()
    )
    assert sum(count > 1 for count in browsers.values()) > 5


def test_some_duplicates_are_merged_by_hand_and_one_is_taken_apart_again():
    kinds = Counter(fact.kind for fact in facts(5000, seed=2))
    assert kinds["people_merged"] >= 3
    assert kinds["people_unmerged"] >= 1


def test_what_people_do_in_the_app_says_who_did_it():
    assert all(fact.props["by"].endswith("@rutalba.example") for fact in facts(2000) if fact.door is Door.APP)


def test_reading_time_belongs_to_a_view_of_the_same_page():
    found = facts()
    views = {fact.id: fact for fact in found if fact.kind == "page_viewed"}
    read = [fact for fact in found if fact.kind == "page_read"]
    known = [fact for fact in read if fact.props["view"] in views]
    assert len(known) > 0.99 * len(read)
    assert all(views[f.props["view"]].props["path"] == f.props["path"] and f.props["dwell_s"] > 0 for f in known)


def test_named_facts_carry_what_names_them():
    for fact in facts():
        if fact.door is Door.PUBLIC and not is_anonymous(fact.identifier):
            assert fact.identifier == f"mail:{fact.props['traits']['email']}"
