"""Duplicates are found on real and on made-up sets, as well as or better than the baselines of shared `data/`."""

import csv
import gzip
import io
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from embudo.engines import records
from embudo.engines.duplicates import Pair, find
from embudo.engines.likeness import MODELS, Whose
from tests.path.real_data import file_of

Pairs = set[tuple[int, int]]
ANA = {"name": "Ana Ruiz", "mail": "ana@norte.mx", "company": "Norte Logística S.A.", "phone": "+528181234567"}
SAME = {"name": "Ana Ruiz", "mail": "a.ruiz@mailbox.example", "company": "Norte Logistica", "phone": "+528181234567"}
LUIS = {"name": "Luis Ruiz", "mail": "luis@norte.mx", "company": "Norte Logistica", "phone": "+528180000000"}
BOB = {"name": "Bob Hill", "mail": "bob@x.example", "phone": "+442079460000"}


def people(*told: dict[str, str]) -> Any:
    return records.table([records.person(id, each) for id, each in enumerate(told)], records.PEOPLE)


def rows(name: str) -> list[dict[str, str]]:
    file = file_of("dedupe", name)
    text = gzip.decompress(file.read_bytes()).decode() if name.endswith(".gz") else file.read_text()
    return [{key.strip(): value.strip() for key, value in row.items()} for row in csv.DictReader(io.StringIO(text))]


def truth(groups: Iterable[str]) -> Pairs:
    members: dict[str, list[int]] = defaultdict(list)
    for id, group in enumerate(groups):
        members[group].append(id)
    return {(one, other) for ids in members.values() for place, one in enumerate(ids) for other in ids[place + 1 :]}


def quality(found: Iterable[Pair], wanted: Pairs) -> tuple[float, float]:
    """Precision and recall."""
    pairs = {(min(pair.left, pair.right), max(pair.left, pair.right)) for pair in found}
    return len(pairs & wanted) / len(pairs), len(pairs & wanted) / len(wanted)


def test_of_a_handful_of_people_those_are_found_who_are_one() -> None:
    (pair,) = find(people(ANA, SAME, BOB), Whose.PEOPLE)
    assert (pair.left, pair.right) == (0, 1)
    signs = {sign.trait: sign.degree for sign in pair.signs}
    assert signs == {"first_name": "same", "last_name": "same", "mail": "differs", "phone": "same", "company": "same"}


def test_a_colleague_of_the_same_family_name_is_less_probable_than_oneself() -> None:
    first, second = list(find(people(ANA, SAME, LUIS, BOB), Whose.PEOPLE, least=0.0))[:2]
    assert (first.left, first.right) == (0, 1)
    assert first.probability > 0.999 > second.probability


def test_signs_and_odds_add_up_to_the_probability() -> None:
    for pair in find(people(ANA, SAME, LUIS, BOB), Whose.PEOPLE, least=0.0):
        bits = pair.odds + math.fsum(sign.weight for sign in pair.signs)
        assert pair.probability == pytest.approx(2**bits / (1 + 2**bits))


@pytest.mark.parametrize("told", [(), (ANA,), ({}, {}), ({"name": "x"}, {"phone": "1"})])
def test_where_nothing_can_be_compared_nothing_is_found(told: Sequence[dict[str, str]]) -> None:
    assert list(find(people(*told), Whose.PEOPLE)) == []


def test_a_value_that_everybody_has_makes_no_pairs() -> None:
    office = [{"name": f"Person{number} Name{number}", "phone": "+528181234567"} for number in range(300)]
    assert list(find(people(*office), Whose.PEOPLE)) == []


def test_the_same_records_give_the_same_pairs() -> None:
    told = [
        {"name": f"Ana{number % 700} Ruiz{number % 500}", "phone": f"+52{number % 900:010}"} for number in range(1500)
    ]
    first, second = (list(find(people(*told), Whose.PEOPLE)) for _ in range(2))
    assert first == second


def test_how_often_a_degree_shows_adds_up_to_one() -> None:
    for model in MODELS.values():
        for trait in model.traits:
            assert math.fsum(degree.m for degree in trait.degrees) == pytest.approx(1)
            assert math.fsum(degree.u for degree in trait.degrees) == pytest.approx(1)
            assert all(degree.m > 0 < degree.u for degree in trait.degrees)


def test_business_sites_are_found_better_than_by_the_rules_of_the_baseline() -> None:
    sites = rows("business_sites_3337.csv")
    told = [
        {"name": row["Site name"], "phone": row["Phone"], "address": row["Address"], "postcode": row["Zip"]}
        for row in sites
    ]
    table = records.table([records.company(id, each) for id, each in enumerate(told)], records.COMPANIES)
    precision, recall = quality(find(table, Whose.COMPANIES), truth(row["True Id"] for row in sites))
    assert precision >= 0.97
    assert recall >= 0.90


def test_people_of_febrl_are_found_as_well_as_by_the_baseline() -> None:
    both = rows("febrl_dataset4a.csv.gz") + rows("febrl_dataset4b.csv.gz")
    told = [
        {
            "first_name": row["given_name"], "last_name": row["surname"], "birthday": row["date_of_birth"],
            "address": f"{row['street_number']} {row['address_1']}", "postcode": row["postcode"], "city": row["suburb"],
        }
        for row in both
    ]  # fmt: skip
    precision, recall = quality(find(people(*told), Whose.PEOPLE), truth(row["rec_id"].split("-")[1] for row in both))
    assert precision >= 0.999
    assert recall >= 0.996


def test_people_with_every_value_corrupted_are_found_without_a_wrong_pair() -> None:
    fake = rows("splink_fake_1000.csv")
    told = [
        {
            "first_name": row["first_name"], "last_name": row["surname"], "birthday": row["dob"],
            "mail": row["email"], "city": row["city"],
        }
        for row in fake
    ]  # fmt: skip
    precision, recall = quality(find(people(*told), Whose.PEOPLE), truth(row["cluster"] for row in fake))
    assert precision >= 0.99
    assert recall >= 0.55
