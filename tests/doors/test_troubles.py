"""What went wrong is said in the reader's language, whatever the other side wrote."""

import pytest
from django.utils import translation

from embudo.doors.outbound import NoAnswer, Refused, target_of
from embudo.doors.troubles import TROUBLES, said


@pytest.mark.parametrize("language", ["es", "pt-br"])
def test_every_trouble_has_its_words(language: str) -> None:
    with translation.override(language):
        assert [each for each in TROUBLES if said(each) == each] == []
        assert said("no connection: Connection refused").endswith(": Connection refused")
        assert said("something else") == "something else"


@pytest.mark.parametrize(
    "url", ["ftp://x/", "http://u@x/", "http://x:0/", "http://-/", "http://0x1/", "http://x/é", "http://[x]/"]
)
def test_every_refusal_of_an_address_is_one_of_them(url: str) -> None:
    with pytest.raises((Refused, NoAnswer)) as told:
        target_of(url)
    assert str(told.value) in TROUBLES
