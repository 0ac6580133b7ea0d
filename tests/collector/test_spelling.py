"""One spelling for names."""

import string

from hypothesis import given
from hypothesis import strategies as st

from embudo.collector.spelling import snake_case


@given(st.text(max_size=80))
def test_a_name_is_snake_case_and_stays_so(text: str) -> None:
    name = snake_case(text)
    assert len(name) <= 64 and snake_case(name) == name
    assert not set(name) & set(string.ascii_uppercase + string.whitespace + "-.\0")
