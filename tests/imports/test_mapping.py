from pathlib import Path

import pytest

from embudo.imports import mapping
from embudo.imports.mapping import BadMap, Cell, When, parse

SMALL = {"name": "crm", "who": {"mail": "Email"}}


def test_a_small_map_says_who_and_is_keyed_by_it() -> None:
    plan = parse(SMALL, zone="America/Bogota")

    assert (plan.source, plan.key, plan.who) == ("import:crm", ("Email",), {"mail": Cell("Email")})
    assert plan.conventions.zone == "America/Bogota"
    assert (plan.at, plan.create, plan.reading.encoding) == (None, True, "utf-8-sig")


def test_a_map_names_every_column_it_reads() -> None:
    plan = parse({
        **SMALL, "key": ["Id", "Part"], "at": "Created",
        "attributes": {"budget": {"column": "Budget", "kind": "money"}, "origin": {"value": "fair"}},
        "first_touch": {"source": "Origin"},
        "facts": [{"kind": "won", "when": {"column": "Won", "in": [1]}, "at": "Won On", "props": {"a": "A"}}],
    })  # fmt: skip

    assert plan.columns() == {"Email", "Id", "Part", "Created", "Budget", "Origin", "Won", "Won On", "A"}
    assert plan.facts[0].when == When("Won", frozenset({"1"}))


def test_an_order_without_dates_starts_somewhere(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(
        "name: x\nwho: {user_id: {column: Id, prefix: 'x:'}}\nat: {order: Number, from: 2020-01-01, unknown: true}\n"
    )
    plan = mapping.read(tmp_path / "map.yaml", zone="UTC")

    assert plan.at is not None
    assert (plan.at.column, plan.at.starts_at, plan.at.unknown) == ("Number", 1_577_836_800_000_000, True)


@pytest.mark.parametrize(("change", "words"), [
    ({"name": ""}, "`name` is missing"),
    ({"who": {}}, "`who` needs at least one"),
    ({"who": {"email": "Email"}}, "who has `email`; known are mail, phone, user_id"),
    ({"colums": {}}, "the map has `colums`"),
    ({"zone": "Mars/Olympus"}, "is not a time zone"),
    ({"decimal": ";"}, "`decimal` is"),
    ({"attributes": {"a": {"column": "A", "kind": "colour"}}}, "`kind` is 'colour'"),
    ({"attributes": {"a": {"kind": "text"}}}, "needs either a column or a value"),
    ({"facts": [{"when": "A"}]}, "number 1: `kind` is missing"),
    ({"at": {"order": "A"}}, "`from` needs a day"),
    ({"first_touch": {"colour": "A"}}, "first_touch has `colour`"),
    ({"attributes": ["a"]}, "attributes needs names and values"),
])  # fmt: skip
def test_a_map_that_cannot_be_used_says_where(change: dict, words: str) -> None:
    with pytest.raises(BadMap, match=words.replace("(", r"\(")):
        parse({**SMALL, **change})


def test_what_is_no_yaml_is_no_map(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("name: [")
    with pytest.raises(BadMap, match=r"map\.yaml: it cannot be read from line 1 on"):
        mapping.read(tmp_path / "map.yaml", zone="UTC")


def test_the_published_maps_can_be_read() -> None:
    maps = sorted(Path("docs/maps").glob("*.yaml"))
    assert [mapping.read(path, zone="UTC").name for path in maps] == ["olist-deals", "olist", "xeducation"]


@pytest.mark.parametrize("kind", ["person_erased", "people_merged", "fact_withdrawn", "Weird Kind!", ""])
def test_a_file_states_no_kind_that_only_embudo_states(kind: str) -> None:
    with pytest.raises(BadMap, match="kind"):
        parse({**SMALL, "facts": [{"kind": kind}]})
