"""Pairs of records that are probably one, found by Splink on DuckDB, each with what speaks for it and against it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from embudo.engines.likeness import MODELS, Degree, Model, Trait, Whose

SEED = 20
LARGEST_BLOCK = 100  # records that agree in what pairs are looked for by: more of them, and it tells nobody apart
SAMPLED = 2_000_000  # pairs at random in which `u` is counted
MANY = 1_000  # records from which on it is
RARE = 0.02  # duplicates a record has at least, on average


@dataclass(frozen=True, slots=True)
class Sign:
    """One trait of a pair: the degree of agreement and its weight in bits, negative where it speaks against."""

    trait: str
    degree: str
    weight: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that are one with this probability, 0 to 1; the signs and `odds` (bits, beforehand) add up to it."""

    left: int
    right: int
    probability: float
    odds: float
    signs: Sequence[Sign]


def find(
    records: pa.Table, whose: Whose, *, least: float | None = None, threads: int = 2, memory_mb: int = 2000
) -> Iterator[Pair]:
    """Yield the pairs of records whose probability of being one reaches `least`, the most probable first.

    `records` has a schema of `engines/records.py`; `least` is the model's own unless it is given.
    """
    model = MODELS[whose]
    traits = [trait for trait in model.traits if _tells(records, trait.name)]
    rules = [names for names in model.looked_for if all(_tells(records, name) for name in names)]
    if len(records) < 2 or not traits or not rules:
        return
    with _opened(threads, memory_mb) as connection:
        connection.register("given", records)
        linker = _linker(connection, records, traits, rules, share=_share(connection, model, records))
        if len(records) >= MANY and any(trait.counted for trait in traits):
            linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED, seed=SEED)
        found = linker.inference.predict(
            threshold_match_probability=model.likely if least is None else least, warning_mode="never"
        )
        yield from _pairs(connection, found.physical_name, traits)


@contextmanager
def _opened(threads: int, memory_mb: int) -> Iterator[duckdb.DuckDBPyConnection]:
    with TemporaryDirectory(prefix="embudo-duplicates-") as spill, duckdb.connect() as connection:
        connection.execute(f"SET threads = {threads}; SET memory_limit = '{memory_mb}MB'")
        connection.execute(f"SET temp_directory = '{spill}'; SET enable_progress_bar = false")
        yield connection


def _tells(records: pa.Table, name: str) -> bool:
    """Whether two records at least have a value."""
    return bool(len(records) - records[name].null_count > 1)


def _linker(
    connection: duckdb.DuckDBPyConnection,
    records: pa.Table,
    traits: Sequence[Trait],
    rules: Sequence[Sequence[str]],
    *,
    share: float,
) -> Linker:
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=[_comparison(trait, many=len(records) >= MANY) for trait in traits],
        blocking_rules_to_generate_predictions=[block_on(f"key_{place}") for place in range(len(rules))],
        probability_two_random_records_match=share,
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )
    keys = ", ".join(f"{_key(names)} AS key_{place}" for place, names in enumerate(rules))
    connection.execute(f"CREATE TEMP TABLE records AS SELECT *, {keys} FROM given")
    return Linker(DuckDBAPI(connection).register("records"), settings)


def _key(names: Sequence[str]) -> str:
    """What the records of one block have in common; NULL where a part is missing or the block is too large."""
    columns = ", ".join(names)
    there = " AND ".join(f"{name} IS NOT NULL" for name in names)
    small = f"count(*) OVER (PARTITION BY {columns}) <= {LARGEST_BLOCK}"
    return f"CASE WHEN {there} AND {small} THEN hash({columns}) END"


def _comparison(trait: Trait, *, many: bool) -> dict[str, Any]:
    missing = {"sql_condition": f"{trait.name}_l IS NULL OR {trait.name}_r IS NULL", "is_null_level": True}
    return {
        "output_column_name": trait.name,
        "comparison_levels": [missing, *(_level(trait, degree, many) for degree in trait.degrees)],
    }


def _level(trait: Trait, degree: Degree, many: bool) -> dict[str, Any]:
    level = {
        "sql_condition": degree.condition,
        "label_for_charts": degree.code,
        "m_probability": degree.m,
        "fix_m_probability": True,
        "u_probability": degree.u,
        "fix_u_probability": not (many and trait.counted),
    }
    return level | ({"tf_adjustment_column": trait.name} if many and degree.by_frequency else {})


def _share(connection: duckdb.DuckDBPyConnection, model: Model, records: pa.Table) -> float:
    """The share of all pairs that are one: as many as `proof` finds, and at least a few."""
    count = len(records)
    few = RARE / (count - 1)
    proof = [names for names in model.proof if all(_tells(records, name) for name in names)]
    if not proof:
        return few
    pairs = "SELECT l.id, r.id FROM given l JOIN given r ON {} WHERE l.id < r.id"
    joins = [pairs.format(" AND ".join(f"l.{name} = r.{name}" for name in names)) for names in proof]
    ((found,),) = connection.execute(f"SELECT count(*) FROM ({' UNION '.join(joins)})").fetchall()
    return float(max(few, min(0.5, found / model.proof_share / (count * (count - 1) / 2))))


def _pairs(connection: duckdb.DuckDBPyConnection, table: str, traits: Sequence[Trait]) -> Iterator[Pair]:
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY match_probability DESC, id_l, id_r")
    names = [name for name, *_type in cursor.description]
    while rows := cursor.fetchmany(10_000):
        for row in rows:
            yield _pair(dict(zip(names, row, strict=True)), traits)


def _pair(row: Mapping[str, Any], traits: Sequence[Trait]) -> Pair:
    signs = [sign for trait in traits if (sign := _sign(row, trait))]
    weight: float = row["match_weight"]
    return Pair(
        left=row["id_l"],
        right=row["id_r"],
        probability=row["match_probability"],
        odds=weight - math.fsum(sign.weight for sign in signs),
        signs=signs,
    )


def _sign(row: Mapping[str, Any], trait: Trait) -> Sign | None:
    """What one trait says; None where one of the two has no value."""
    gamma: int = row[f"gamma_{trait.name}"]  # counts down to 0, the last degree; -1: missing
    if gamma < 0:
        return None
    weight = row[f"mw_{trait.name}"] + row.get(f"mw_tf_adj_{trait.name}", 0.0)
    return Sign(trait.name, trait.degrees[len(trait.degrees) - 1 - gamma].code, weight)
