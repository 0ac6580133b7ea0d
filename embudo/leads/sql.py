"""How many rows at once are read and written without ORM objects, the same on SQLite and PostgreSQL."""

import json
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection

Rows = list[tuple[Any, ...]]
PIECE = 20  # rows that are quicker in one piece than by a statement for each


def rows(statement: str, values: Sequence[Any] = ()) -> Rows:
    """Return the rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [tuple(row) for row in cursor.fetchall()]


def rows_where(columns: str, table: str, key: str, wanted: Collection[int], more: str = "") -> Rows:
    """Return the rows whose integer column `key` is one of `wanted`, by one statement whatever their number."""
    if not wanted:
        return []
    among, values = _among(key, wanted)
    return rows(f"SELECT {columns} FROM {table} WHERE {among} {more}", values)


def hold(table: str, wanted: Collection[int]) -> None:
    """Let nobody else write these rows until the transaction ends; in SQLite nobody does, anyway."""
    if connection.vendor == "postgresql":
        rows_where("id", table, "id", wanted, "ORDER BY id FOR NO KEY UPDATE")


def many(statement: str, values: Sequence[Sequence[Any]]) -> int:
    """Run a statement for each of the values and return how many rows it changed in all."""
    if not values:
        return 0
    with _preparing() as cursor:
        cursor.executemany(statement, values)
        return int(cursor.rowcount)


def add(statement: str, values: Sequence[Sequence[Any]]) -> None:
    """Run a statement of `insert` for each of the values; PostgreSQL takes many rows in one piece."""
    if connection.vendor != "postgresql" or len(values) < PIECE:
        many(statement, values)
        return
    copy = f"COPY {statement.removeprefix('INSERT INTO ').partition(' VALUES ')[0]} FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(copy) as piece:
        for row in values:
            piece.write_row(row)


def put(table: str, key: str, columns: Sequence[str], values: Sequence[Sequence[Any]], kept: Collection[str]) -> None:
    """Add rows, no key twice, or replace what is there but the columns `kept`, as `upsert` does.

    They hold numbers and texts only: PostgreSQL takes them as one value of JSON, and their types from its table.
    """
    statement = upsert(table, key, columns, kept)
    if connection.vendor != "postgresql" or len(values) < PIECE:
        many(statement, values)
        return
    named, conflict = ", ".join(quoted(columns)), statement.partition(" ON CONFLICT ")[2]
    piece = f"SELECT {named} FROM json_populate_recordset(NULL::{table}, %s::json)"
    rows = json.dumps([dict(zip(columns, row, strict=True)) for row in values])
    one(f"INSERT INTO {table} ({named}) {piece} ON CONFLICT {conflict}", [rows])


def _preparing() -> Any:
    """Return a cursor by which PostgreSQL plans a statement once for all values; Django's own writes them into it."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor
    from psycopg.types.numeric import Int8Dumper

    connection.ensure_connection()
    cursor = ServerBindingCursor(connection.connection)
    cursor.adapters.register_dumper(int, Int8Dumper)  # by default of the size of each value: a plan for each size
    return connection.make_cursor(cursor)


def one(statement: str, values: Sequence[Any] = ()) -> int:
    """Run a statement and return how many rows it changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def delete_where(table: str, key: str, wanted: Collection[int], more: str = "") -> None:
    """Delete the rows whose integer column `key` is one of `wanted`."""
    one_where(f"DELETE FROM {table}", key, wanted, more)


def one_where(statement: str, key: str, wanted: Collection[int], more: str = "") -> int:
    """Run a statement on the rows whose integer column `key` is one of `wanted`; return how many rows it changed."""
    if not wanted:
        return 0
    among, values = _among(key, wanted)
    return one(f"{statement} WHERE {among} {more}", values)


def _among(key: str, wanted: Collection[int]) -> tuple[str, list[Any]]:
    if connection.vendor == "postgresql":
        return f"{key} = ANY(%s)", [list(wanted)]
    return f"{key} IN (SELECT value FROM json_each(%s))", [json.dumps(list(wanted))]


def insert(table: str, columns: Sequence[str]) -> str:
    """Return the statement that adds a row."""
    marks = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {table} ({', '.join(quoted(columns))}) VALUES ({marks})"


def upsert(table: str, key: str, columns: Sequence[str], kept: Collection[str] = ()) -> str:
    """Return the statement that adds a row or replaces the columns of the row with that key, but those `kept`."""
    changing = quoted(name for name in columns if name != key and name not in kept)
    replaced = ", ".join(f"{name} = excluded.{name}" for name in changing)
    action = f"UPDATE SET {replaced}" if replaced else "NOTHING"
    return f"{insert(table, columns)} ON CONFLICT ({key}) DO {action}"


@lru_cache(maxsize=1024)
def update(table: str, columns: Sequence[str], key: str) -> str:
    """Return the statement that changes these columns of the row with a key, which comes last among the values."""
    return f"UPDATE {table} SET {', '.join(f'{name} = %s' for name in quoted(columns))} WHERE {key} = %s"


def quoted(names: Iterable[str]) -> list[str]:
    """Return column names so that one called `offset` or `text` is a name."""
    return [f'"{name}"' for name in names]
