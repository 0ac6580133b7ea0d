"""Consistent copies of tables and tail while they are written to: SQLite's backup, PostgreSQL's snapshot with COPY."""

import json
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from embudo.operate.archive import BadArchive, Writer

_CHUNK_BYTES = 1 << 20


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a SQLite file as of one instant."""
    origin = sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=30)
    copy = sqlite3.connect(target)
    try:
        origin.backup(copy, pages=-1)  # one step, one read snapshot: writers go on meanwhile
        copy.execute("PRAGMA journal_mode = DELETE")
    finally:
        copy.close()
        origin.close()


def copy_postgresql(url: str, writer: Writer, folder: Path) -> None:
    """Add every table of the schema as of one snapshot: `tables/<name>.copy`, with its columns in `tables.json`.

    One table at a time is held in `folder`, which must have room for the largest.
    """
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        columns = {table: _columns(connection, table) for table in _tables(connection)}
        for table, names in columns.items():
            with tempfile.NamedTemporaryFile(dir=folder) as held:
                with connection.cursor().copy(_copy(table, names, "TO STDOUT")) as rows:
                    for block in rows:
                        held.write(block)
                held.flush()
                writer.file(f"tables/{table}.copy", Path(held.name))
        writer.bytes("tables.json", json.dumps(columns).encode())


def paste_postgresql(url: str, folder: Path) -> None:
    """Replace what is in every table by the copies, in one transaction; raises BadArchive when a table is missing."""
    columns: dict[str, list[str]] = json.loads((folder / "tables.json").read_text())
    with psycopg.connect(url) as connection:
        missing = columns.keys() - set(_tables(connection))
        if missing:
            raise BadArchive(f"this version has no table {min(missing)}")
        names = sql.SQL(", ").join(sql.Identifier(table) for table in columns)
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))
        connection.execute("SET CONSTRAINTS ALL DEFERRED")
        for table, its in columns.items():
            _paste(connection, table, its, folder / "tables" / f"{table}.copy")
            _set_sequences(connection, table, its)


def _paste(connection: psycopg.Connection, table: str, columns: Sequence[str], file: Path) -> None:
    with file.open("rb") as source, connection.cursor().copy(_copy(table, columns, "FROM STDIN")) as rows:
        while block := source.read(_CHUNK_BYTES):
            rows.write(block)


def _set_sequences(connection: psycopg.Connection, table: str, columns: Sequence[str]) -> None:
    for column in columns:
        row = connection.execute("SELECT pg_get_serial_sequence(quote_ident(%s), %s)", (table, column)).fetchone()
        if row and row[0]:
            highest = sql.SQL("SELECT setval(%s, coalesce(max({}), 1), max({}) IS NOT NULL) FROM {}").format(
                sql.Identifier(column), sql.Identifier(column), sql.Identifier(table)
            )
            connection.execute(highest, (row[0],))


def _tables(connection: psycopg.Connection) -> list[str]:
    query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    return [str(row[0]) for row in connection.execute(query)]


def _columns(connection: psycopg.Connection, table: str) -> list[str]:
    query = """SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema()
               AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position"""
    return [str(row[0]) for row in connection.execute(query, (table,))]


def _copy(table: str, columns: Sequence[str], direction: str) -> sql.Composed:
    names = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
    return sql.SQL("COPY {} ({}) " + direction).format(sql.Identifier(table), names)
