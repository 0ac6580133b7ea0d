"""X Education's leads through the documented command (docs/xeducation.md), against counts made here with csv."""

import re
from collections import Counter

import pytest

from embudo.config import Config
from tests.install import ROOT, Install
from tests.path.asked import answer, figure, funnel, pages
from tests.path.real_data import file_of, rows_of

PEOPLE = """
import json
from embudo.leads.models import Person
rows = Person.objects.order_by("first_seen_at").values_list("name", "stage", "source", "medium", "attributes")
print(json.dumps(list(rows)))
"""
NUMBERS = {
    "visits": "TotalVisits",
    "time_on_site_s": "Total Time Spent on Website",
    "pages_per_visit": "Page Views Per Visit",
}
TEXTS = {"country": "Country", "city": "City", "specialization": "Specialization", "after_tags": "Tags"}


@pytest.fixture(scope="module")
def leads():
    return rows_of(file_of("xeducation", "Leads.csv"))


@pytest.fixture(scope="module")
def install(lasting_config: Config, tmp_path_factory, leads):
    """An install made by the command of docs/xeducation.md."""
    made = Install(lasting_config, tmp_path_factory.mktemp("xeducation"))
    page = (ROOT / "docs" / "xeducation.md").read_text()
    (command,) = re.findall(r"embudo --data \S+ (import .*)\n", page)
    places = {"Leads.csv": str(file_of("xeducation", "Leads.csv")), "xeducation.csv": str(made.logs / "report.csv")}
    made.embudo(*(places.get(word, word) for word in command.split()))
    return made


def test_the_funnel_shows_the_true_counts_and_everybody_has_their_answers(install, leads):
    shown = funnel(install)
    converted = sum(row["Converted"] == "1" for row in leads)
    assert (len(leads), converted) == (9240, 3561)
    assert shown["steps"]["lead"][:2] == [9240, 3561]
    assert shown["steps"]["customer"][0] == 3561
    assert {source: count for source, (count, _more) in shown["origins"].items()} == Counter(
        row["Lead Source"] for row in leads
    )
    assert Counter(line["outcome"] for line in rows_of(install.logs / "report.csv")) == {"accepted": 9240}

    people = answer(install, PEOPLE)
    in_order = sorted(leads, key=lambda row: int(row["Lead Number"]))
    assert [row[0] for row in people] == [row["Lead Number"] for row in in_order]
    for (_name, stage, source, medium, attributes), row in zip(people, in_order, strict=True):
        assert (stage, source) == ("customer" if row["Converted"] == "1" else "lead", row["Lead Source"])
        assert medium == (row["Lead Origin"] if row["Lead Source"] else medium)
        assert "Select" not in attributes.values()
        for name, column in TEXTS.items():
            assert attributes.get(name, "") == ("" if row[column] == "Select" else row[column])
        for name, column in NUMBERS.items():
            assert attributes.get(name) == (float(row[column]) if row[column] else None)
        assert attributes["wants_interview_guide"] is (row["A free copy of Mastering The Interview"] == "Yes")
        assert attributes["saw_magazine"] is False  # a column in which nothing varies


def test_every_fact_says_that_its_time_is_unknown(install, leads):
    facts = answer(
        install,
        "import json\nfrom django.conf import settings\nfrom embudo.eventlog import Cursor, open_log\n"
        "rows, _ = open_log(settings.EMBUDO).read(Cursor({}), 100_000)\n"
        "print(json.dumps([[row.event.source, row.event.context.get('time')] for row in rows]))",
    )
    imported = [time for source, time in facts if source == "import:xeducation"]
    assert len(imported) == 9240 + 3561
    assert set(imported) == {"unknown"}


def test_the_funnel_page_shows_the_counts_and_opens_them(install, leads):
    (home,) = pages(install, "/?period=all")
    assert figure(home, "n-lead")[0] == "9,240"
    count, address = figure(home, "n-customer")
    assert count == "3,561"
    (people,) = pages(install, address)
    converted = {row["Lead Number"] for row in leads if row["Converted"] == "1"}
    listed = set(re.findall(r">\s*(\d{6})\s*<", people))
    assert listed
    assert listed <= converted
