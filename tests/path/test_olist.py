"""Olist's real funnel through the documented commands (docs/olist.md), against counts made here."""

import re
from collections import Counter
from datetime import UTC, datetime
from statistics import median

import pytest

from embudo.config import Config
from tests.install import ROOT, Install
from tests.path.asked import answer, figure, funnel, pages
from tests.path.real_data import file_of, rows_of

DAY_US = 86_400_000_000
PEOPLE = """
import json
from embudo.leads.models import Person
print(json.dumps(list(Person.objects.order_by("id").values_list(
    "name", "stage", "source", "landing_page", "first_seen_at", "industry", "attributes"))))
"""
MOVES = """
import json
from embudo.leads.models import StageChange
rows = StageChange.objects.filter(superseded_at=None, to_stage__in=["qualified", "customer"])
print(json.dumps(list(rows.values_list("person__name", "to_stage", "at"))))
"""


@pytest.fixture(scope="module")
def leads():
    return rows_of(file_of("olist", "olist_marketing_qualified_leads_dataset.csv"))


@pytest.fixture(scope="module")
def deals():
    return rows_of(file_of("olist", "olist_closed_deals_dataset.csv"))


@pytest.fixture(scope="module")
def install(lasting_config: Config, tmp_path_factory, leads, deals):
    """An install made by the commands of docs/olist.md."""
    made = Install(lasting_config, tmp_path_factory.mktemp("olist"))
    for command in documented(made.logs / "report.csv"):
        made.embudo(*command)
    return made


def documented(report):
    """The import commands as the page has them, with the files where they are and the report where it is wanted."""
    page = (ROOT / "docs" / "olist.md").read_text()
    commands = re.findall(r"embudo --data \S+ (import .*?)(?: &&)?\n", page)
    assert len(commands) == 2
    return [[_placed(word, report) for word in command.split()] for command in commands]


def _placed(word, report):
    return str(file_of("olist", word)) if word.startswith("olist_") else str(report) if word == "olist.csv" else word


def microseconds(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def test_the_funnel_shows_the_true_counts_and_days(install, leads, deals):
    shown = funnel(install)
    assert shown["steps"]["qualified"][:2] == [len(leads), len(deals)] == [8000, 842]
    assert shown["steps"]["customer"][0] == 842

    counted = Counter("" if row["origin"] == "unknown" else row["origin"] for row in leads)
    assert {source: count for source, (count, _qualified) in shown["origins"].items()} == counted

    contact = {row["mql_id"]: microseconds(row["first_contact_date"]) for row in leads}
    spans = [microseconds(row["won_date"]) - contact[row["mql_id"]] for row in deals]
    forward = [span for span in spans if span >= 0]
    assert len(spans) - len(forward) == 1

    _entered, _converted, _there, middle, backwards = shown["steps"]["qualified"]
    assert middle / DAY_US == pytest.approx(median(forward) / DAY_US) == pytest.approx(14.722, abs=0.001)
    assert backwards == 1

    entered = {}
    for name, stage, at in answer(install, MOVES):
        entered.setdefault(name, {})[stage] = at
    won = [each["customer"] - each["qualified"] for each in entered.values() if "customer" in each]
    assert sorted(won) == sorted(spans)
    assert median(span for span in won if span >= 0) / DAY_US == pytest.approx(median(forward) / DAY_US)


def test_the_deal_before_its_first_contact_is_accepted_and_reported(install, leads, deals):
    contact = {row["mql_id"]: microseconds(row["first_contact_date"]) for row in leads}
    (early,) = (row for row in deals if microseconds(row["won_date"]) < contact[row["mql_id"]])
    report = rows_of(install.logs / "report.csv")
    (line,) = (line for line in report if line["reason"] == "before_first")
    assert deals[int(line["row"]) - 2] == early  # the headers are the first line of the file
    assert line["outcome"] == "accepted"
    assert Counter(line["outcome"] for line in report) == {"accepted": 842}


def test_everybody_has_what_the_files_say(install, leads, deals):
    people = {row[0]: row[1:] for row in answer(install, PEOPLE)}
    deal_of = {row["mql_id"]: row for row in deals}
    assert people.keys() == {row["mql_id"] for row in leads}
    for row in leads:
        stage, source, landing_page, first_seen_at, industry, attributes = people[row["mql_id"]]
        assert source == ("" if row["origin"] == "unknown" else row["origin"])
        assert landing_page == row["landing_page_id"]
        deal = deal_of.get(row["mql_id"])
        contact = microseconds(row["first_contact_date"])
        if deal is None:
            assert (stage, first_seen_at, industry) == ("qualified", contact, "")
            continue
        won = microseconds(deal["won_date"])
        assert first_seen_at == min(contact, won)
        assert stage == ("customer" if won >= contact else "qualified")
        assert industry == deal["business_segment"]
        assert attributes.get("business_type", "") == deal["business_type"]
        behaviour = deal["lead_behaviour_profile"]
        assert attributes.get("behaviour", []) == [each.strip() for each in behaviour.split(",") if each]


def test_a_second_run_changes_nothing(install):
    before = funnel(install)
    first, second = (install.embudo(*command) for command in documented(install.logs / "again.csv"))
    assert "0 accepted, 8000 unchanged, 0 failed" in first
    assert "0 accepted, 842 unchanged, 0 failed" in second
    assert funnel(install) == before


def test_a_rebuild_gives_exactly_the_same(install):
    assert "exactly equal" in install.embudo("rebuild", "--check")


def test_each_number_of_the_funnel_page_opens_to_its_people(install, leads, deals):
    (home,) = pages(install, "/?period=all")
    shown = {stage: figure(home, f"n-{stage}") for stage in ("qualified", "customer")}
    assert [shown[stage][0] for stage in shown] == ["8,000", "842"]
    column = home[home.index('id="n-qualified"') : home.index('id="n-prospect"')]
    assert re.search(r'funnel-median"[^>]*>\s*15\s*d', column)
    assert "1 backwards" in column
    winners = {row["mql_id"] for row in deals}
    everybody = {row["mql_id"] for row in leads}
    qualified, customers = (names_on(page) for page in pages(install, *(shown[stage][1] for stage in shown)))
    assert customers
    assert customers <= winners
    assert qualified
    assert qualified <= everybody


def names_on(page):
    """The names of the people a list shows: ids of 32 hexadecimal digits here."""
    return set(re.findall(r">\s*([0-9a-f]{32})\s*<", page))
