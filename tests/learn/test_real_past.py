"""What is proposed from real histories (shared `data/`), against plain computations over the files."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import log
from typing import Any

import pytest

from embudo.learn.cases import Case, Leak
from embudo.learn.discovery import LEAST_PEOPLE, Discovery, discover
from tests.path.real_data import file_of, rows_of

DAY = 86_400_000_000
LATE = {  # which the data's README calls "after the fact, never features"; and one of mixed origin
    "Tags", "Lead Quality", "Lead Profile", "Asymmetrique Activity Index", "Asymmetrique Profile Index",
    "Asymmetrique Activity Score", "Asymmetrique Profile Score", "Last Notable Activity", "Last Activity",
}  # fmt: skip
TAUGHT = ("Converted", "Prospect ID", "Lead Number")


def value_of(text: str) -> Any:
    if text.strip() in ("", "Select"):
        return None
    try:
        return float(text)
    except ValueError:
        return text.strip()


def plain_value(cases: Iterable[Case], name: str) -> float:
    """The information value of a text, as credit scoring computes it."""
    found: dict[Any, Counter[bool]] = {}
    for case in cases:
        if (value := case.values.get(name)) is not None:
            found.setdefault(value, Counter())[case.bought_at is not None] += 1
    bins, rest = [each for each in found.values() if each.total() >= LEAST_PEOPLE], Counter[bool]()
    for each in found.values():
        rest += each if each.total() < LEAST_PEOPLE else Counter()
    bins += [rest] if rest else []
    won, lost = (sum(each[bought] for each in bins) for bought in (True, False))
    shares = [
        ((each[True] + 0.5) / (won + len(bins) / 2), (each[False] + 0.5) / (lost + len(bins) / 2)) for each in bins
    ]
    return sum((p - q) * log(p / q) for p, q in shares)


def ranked_alike(found: Discovery, cases: list[Case]) -> None:
    """Whether all texts that are no leaks have the information value of the plain computation, and its ranking."""
    texts = [
        each for each in found.findings
        if each.leak is None and all(isinstance(case.values.get(each.name), str | None) for case in cases)
    ]  # fmt: skip
    assert len(texts) > 2
    plain = {each.name: plain_value(cases, each.name) for each in texts}
    assert {each.name: each.value for each in texts} == pytest.approx(plain)
    assert [each.name for each in texts] == sorted(plain, key=lambda name: (-plain[name], name))


@pytest.fixture(scope="module")
def leads() -> list[Case]:
    rows = rows_of(file_of("xeducation", "Leads.csv"))
    return [
        Case(
            int(row["Lead Number"]), {name: value_of(text) for name, text in row.items() if name not in TAUGHT},
            dict.fromkeys(LATE, DAY), DAY if row["Converted"] == "1" else None,
        )
        for row in rows
    ]  # fmt: skip


def test_x_education_is_ranked_as_a_plain_computation_does_and_what_came_afterwards_is_flagged(
    leads: list[Case],
) -> None:
    found = discover(leads)
    assert found.everybody.people == 9240
    assert {each.name for each in found.findings if each.leak} == LATE
    assert {each.leak for each in found.findings if each.leak} == {Leak.AFTER}
    assert LATE.isdisjoint(each.name for each in found.proposals)
    ranked_alike(found, leads)
    best = {each.name for each in found.proposals[:3]}
    assert {"Lead Source", "Lead Origin", "Total Time Spent on Website"} == best


def olist() -> list[Case]:
    deals = {row["mql_id"]: row for row in rows_of(file_of("olist", "olist_closed_deals_dataset.csv"))}
    found = []
    for number, row in enumerate(rows_of(file_of("olist", "olist_marketing_qualified_leads_dataset.csv"))):
        if row["first_contact_date"] < "2018-01-01":  # before, hardly anything was ever won
            continue
        deal: Mapping[str, str] = deals.get(row["mql_id"], {})
        values = {name: text or None for name, text in {**row, **deal}.items() if name not in ("mql_id", "won_date")}
        values["weekday"] = datetime.fromisoformat(row["first_contact_date"]).strftime("%A")
        won = int(datetime.fromisoformat(deal["won_date"]).timestamp()) * 1_000_000 if deal else None
        found.append(Case(number, values, {}, won))
    return found


def test_olist_proposes_nothing_of_what_stands_in_the_deals_alone() -> None:
    cases = olist()
    deal = set(rows_of(file_of("olist", "olist_closed_deals_dataset.csv"))[0]) - {"mql_id", "won_date"}
    found = discover(cases, [*deal, "origin", "landing_page_id", "weekday"])
    assert {each.name: each.leak for each in found.findings if each.name in deal} == dict.fromkeys(
        deal, Leak.CUSTOMERS_ONLY
    )
    assert {each.name for each in found.proposals} == {"origin", "landing_page_id"}
    ranked_alike(found, cases)


def test_deals_without_any_signal_propose_nothing() -> None:
    accounts = {row["account"]: row for row in rows_of(file_of("maven_crm", "accounts.csv"))}
    cases = []
    for number, row in enumerate(rows_of(file_of("maven_crm", "sales_pipeline.csv"))):
        if row["deal_stage"] in ("Won", "Lost"):
            account = accounts.get(row["account"], {})
            values = {name: row[name] or None for name in ("sales_agent", "product", "account")}
            values |= {name: account.get(name) or None for name in ("sector", "office_location")}
            values |= {name: float(account[name]) for name in ("employees", "revenue") if account.get(name)}
            cases.append(Case(number, values, {}, DAY if row["deal_stage"] == "Won" else None))
    found = discover(cases)
    assert found.enough and found.proposals == ()
