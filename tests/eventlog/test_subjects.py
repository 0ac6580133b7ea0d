from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embudo.eventlog.subjects import SubjectIndex, encoded, index_of, index_path

counts = st.dictionaries(st.integers(-(2**63), 2**63 - 1), st.integers(1, 50), max_size=30)


@given(counts, st.integers(-(2**63), 2**63 - 1))
def test_every_subject_is_found_with_its_rows_and_no_other_is(rows_of: dict[int, int], other: int) -> None:
    subjects, first_rows, row = sorted(rows_of), [], 0
    for subject in subjects:
        first_rows.append(row)
        row += rows_of[subject]
    index = SubjectIndex(encoded(subjects, first_rows, row))
    for subject, first in zip(subjects, first_rows, strict=True):
        assert index.span(subject) == (first, first + rows_of[subject])
    if other not in rows_of:
        assert index.span(other) is None


def test_another_file_is_no_index(tmp_path: Path) -> None:
    segment = tmp_path / "some.parquet"
    index_path(segment).write_bytes(b"something else entirely")
    with pytest.raises(ValueError):
        index_of(segment)
