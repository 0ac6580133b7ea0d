"""Exports of other products, recognised by their headers: presets/*.yaml say what each column of them is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from embudo.imports.guessing import Guess, guess_all
from embudo.imports.sniffing import Column

FEWEST = 0.7  # share of a preset's headers that a file needs, when it has all of `needs`


@dataclass(frozen=True, slots=True)
class Preset:
    """One kind of export."""

    name: str
    label: str
    kind: str
    needs: frozenset[str]  # headers by which it is known
    columns: Mapping[str, Guess] = field(default_factory=dict)  # where the usual guess would be another
    key: tuple[str, ...] = ()
    skip: Mapping[str, Any] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)  # target -> the same text for every row
    from_file_name: Mapping[str, str] = field(default_factory=dict)  # target -> words in the file's name, with "|"
    prefixes: Mapping[str, str] = field(default_factory=dict)  # other beginnings of columns that are left out

    def guesses(self, columns: Sequence[Column]) -> dict[str, Guess]:
        """Return what each column of a file of this kind is."""
        found = guess_all(columns, self.kind)
        by_header = {header.casefold(): guess for header, guess in self.columns.items()}
        sure: dict[str, Guess] = {}
        for column in columns:
            known = by_header.get(column.header.casefold())
            left_out = any(column.header.startswith(each) for each in self.prefixes)
            guess = Guess() if left_out else known or found[column.header]
            if known and known.target and known.label == "" and known.target.startswith("attr:"):
                guess = replace(known, label=column.header[:100])
            sure[column.header] = guess
        mine = {guess.target for guess in self.columns.values()}
        return {
            header: guess
            if header.casefold() in by_header or guess.target not in mine or guess.target.startswith("attr:")
            else Guess()
            for header, guess in sure.items()
        }


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """Return every preset, those with the most telling headers first."""
    folder = resources.files("embudo.imports").joinpath("presets")
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".yaml")), key=lambda each: each.name)
    found = [_read(yaml.safe_load(each.read_text(encoding="utf-8"))) for each in files]
    return tuple(sorted(found, key=lambda each: -len(each.needs)))


def recognised(headers: Sequence[str], kind: str = "") -> Preset | None:
    """Return the preset whose telling headers a file has, or None."""
    there = {header.casefold() for header in headers}
    fitting = (each for each in presets() if {name.casefold() for name in each.needs} <= there)
    return next((each for each in fitting if not kind or each.kind == kind), None)


def preset_called(name: str) -> Preset | None:
    """Return the preset of a name."""
    return next((each for each in presets() if each.name == name), None)


def _read(document: Mapping[str, Any]) -> Preset:
    return Preset(
        name=document["name"],
        label=document["label"],
        kind=document["kind"],
        needs=frozenset(document["needs"]),
        columns={header: _guess(said) for header, said in document.get("columns", {}).items()},
        key=tuple(document.get("key", ())),
        skip=document.get("skip", {}),
        statuses=document.get("statuses", {}),
        constants=document.get("constants", {}),
        from_file_name=document.get("from_file_name", {}),
        prefixes=dict.fromkeys(document.get("leave_out", ()), ""),
    )


def _guess(said: Any) -> Guess:
    if said is None:
        return Guess()
    if isinstance(said, str):
        target, _space, kind = said.partition(" ")
        return Guess(target, kind or "text")
    return Guess(said["as"], said.get("kind", "text"), "", said.get("separator", ";"))
