"""The way of a file through the screens, for each export shape, and back."""

import pytest

from embudo.imports.models import Upload
from embudo.leads.models import Identifier, ImportRow, Person
from embudo.leads.statements import opportunities
from embudo.leads.story import history_of
from tests.imports.exports import EXPORTS, Export
from tests.imports.test_undo import shown
from tests.imports.views.conftest import Marketer


@pytest.mark.parametrize("export", EXPORTS, ids=lambda each: each.name)
def test_each_export_is_recognised_comes_in_and_leaves_no_trace_after_its_undo(
    marketer: Marketer, export: Export
) -> None:
    before = shown()
    upload = marketer.brings(export.file_name, export.content(), export.kind)
    assert upload.preset, upload.plan
    upload = marketer.tries(upload)
    assert Person.objects.count() == 0
    run = marketer.starts(upload)
    failed = list(ImportRow.objects.filter(run=run, outcome="failed").values_list("row", "reason", "words"))
    assert failed == []
    assert (
        list(ImportRow.objects.filter(run=run).exclude(reason__in=["", "deleted"]).values_list("reason", "words")) == []
    )
    if export.kind == "people":
        there = {f"mail:{each}" if "@" in each else each for each in export.expected}
        assert there <= set(Identifier.objects.values_list("identifier", flat=True))
        assert Person.objects.filter(merged_into=None, known=True).count() == len(export.expected)
    else:
        found = [each for person in Person.objects.all() for each in opportunities(history_of(person.id))]
        assert {each.name for each in found} == set(export.expected)
    marketer.undoes(run)
    assert shown() == before
    assert Upload.objects.get(pk=upload.pk).run.undone_at is not None
