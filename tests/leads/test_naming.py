"""How what is known of people is called in the reader's language."""

import pytest
from django.utils import translation

from embudo.core.attributes import STANDARD
from embudo.leads.models import Attribute
from embudo.leads.naming import ATTRIBUTES, label_of

ALIKE = {"email"}  # "e-mail" in Portuguese, too


@pytest.mark.parametrize("language", ["es", "pt-br"])
def test_each_attribute_that_every_install_knows_has_a_name_in_each_language(language: str) -> None:
    assert set(ATTRIBUTES) >= STANDARD
    labels = {}
    for chosen in ("en", language):
        with translation.override(chosen):
            labels[chosen] = {name: label_of(Attribute(name=name, standard=True)) for name in STANDARD}
    assert {name for name in STANDARD if labels[language][name] == labels["en"][name]} <= ALIKE


def test_names_are_what_people_say() -> None:
    with translation.override("es"):
        names = ("age", "birthday", "gender", "postal_code", "state", "street", "timezone")
        assert [label_of(Attribute(name=name, standard=True)) for name in names] == [
            "edad", "cumpleaños", "género", "código postal", "estado o provincia", "calle", "zona horaria",
        ]  # fmt: skip
