import pytest

from embudo.definition import shipped
from embudo.definition.document import BadDefinition
from embudo.definition.in_force import canonical, digest, in_force, read, version_in_force
from embudo.definition.models import DefinitionVersion


def test_a_new_install_has_the_shipped_definition_in_force_unsigned(db: None) -> None:
    assert in_force() == read(shipped.text())

    row = version_in_force()
    assert (row.version, row.signed, row.in_force_from_at) == (0, False, 0)
    assert DefinitionVersion.objects.count() == 1


def test_the_last_one_put_in_force_counts_and_drafts_do_not(db: None) -> None:
    in_force()
    text = shipped.text().replace("half_life_days: 30", "half_life_days: 10")
    row = DefinitionVersion(version=1, name="draft", text=text, digest="x")
    row.save()
    assert version_in_force().version == 0
    row.in_force_from_at = 5
    row.save()
    assert in_force().half_life == 10 * 86_400_000_000


def test_the_canonical_text_says_the_same_and_its_digest_does_not_depend_on_layout() -> None:
    definition = read(shipped.text())
    assert read(canonical(definition)) == definition
    assert digest(read("# a comment\n" + shipped.text())) == digest(definition)


def test_a_text_that_is_no_definition_is_refused() -> None:
    with pytest.raises(BadDefinition):
        read("engagement: {half_life_days: soon}")
