"""Which definition of a lead is in force: the last one put in force, at first the shipped one."""

from functools import lru_cache
from hashlib import sha256

import yaml
from django.db import transaction

from embudo import plain_yaml
from embudo.core.definition import Definition
from embudo.definition import shipped
from embudo.definition.document import BadDefinition, document, parse
from embudo.definition.models import DefinitionVersion


def in_force() -> Definition:
    """Return the definition in force; on a new install the shipped one is put in force first."""
    return read(version_in_force().text)


def version_in_force() -> DefinitionVersion:
    """Return the row of the definition in force."""
    there = DefinitionVersion.objects.exclude(in_force_from_at=None)
    found = there.order_by("-in_force_from_at", "-version").first()
    return found or _install_shipped()


@lru_cache(maxsize=16)
def read(text: str) -> Definition:
    """Return the definition of a YAML text; raises document.BadDefinition."""
    try:
        return parse(plain_yaml.load(text))
    except plain_yaml.NotPlain as error:
        raise BadDefinition(str(error)) from error


def canonical(definition: Definition) -> str:
    """Return the one text of a definition, whatever the layout of the YAML it came from."""
    return yaml.safe_dump(document(definition), allow_unicode=True, sort_keys=False, width=120)


def digest(definition: Definition) -> str:
    """Return the hash of the canonical text, which signatures are bound to."""
    return sha256(canonical(definition).encode()).hexdigest()


@transaction.atomic
def _install_shipped() -> DefinitionVersion:
    """Put the shipped definition in force from the beginning of time."""
    text = shipped.text()
    definition = read(text)
    row, _created = DefinitionVersion.objects.get_or_create(
        version=definition.version,
        defaults={
            "name": definition.name,
            "text": text,
            "digest": digest(definition),
            "in_force_from_at": 0,
        },
    )
    return row
