from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from embudo.accounts.models import AuditEntry
from embudo.privacy.forms import SeveralForm
from embudo.privacy.models import NoWording, Purpose, Wording, WordingStays, hash_of
from embudo.privacy.models import purposes as kept
from tests.leads.views.conftest import SignIn
from tests.privacy.conftest import Following


def test_a_new_install_asks_for_three_purposes_in_three_languages(purposes: dict[str, Purpose]) -> None:
    assert list(purposes) == ["newsletter", "profiling", "phone"]
    for purpose in purposes.values():
        assert {each.language for each in purpose.wordings.all()} == {"en", "es", "pt-br"}
        assert purpose.version == 1


def test_a_purpose_speaks_the_language_of_the_reader_else_the_installs(purposes: dict[str, Purpose]) -> None:
    phone = purposes["phone"]
    assert phone.wording("es").language == phone.wording("es-mx").language == "es"
    assert phone.wording("pt").language == phone.wording("pt-BR").language == "pt-br"
    assert phone.wording("fr").language == phone.wording("").language == "en"
    with pytest.raises(NoWording):
        Purpose.objects.create(code="new", label="New").wording("en")


@pytest.mark.parametrize(
    ("language", "name"), [("en", "Telefone"), ("es", "Llamadas"), ("pt-br", "Ligações"), ("fr", "Telefone")]
)
def test_those_who_work_here_read_its_name_in_their_language_where_it_has_one(
    purposes: dict[str, Purpose], language: str, name: str
) -> None:
    phone = purposes["phone"]
    Purpose.objects.filter(pk=phone.pk).update(label="Telefone")
    phone.word({"en": ("", "We call."), "es": ("Llamadas", "Llamamos."), "pt-br": ("Ligações", "Ligamos.")}, by=None)
    with override(language):
        assert str(Purpose.objects.get(pk=phone.pk)) == name
        assert ("phone", name) in kept()
        (form,) = [each for each in SeveralForm().fields["purpose"].choices if each[0] == "phone"]
        assert form[1] == name


def test_names_in_many_languages_take_no_more_queries(
    purposes: dict[str, Purpose], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(2):
        assert len(kept()) == len(purposes)


@pytest.mark.parametrize("page", ["/privacy/", "/privacy/purposes/phone/", "/privacy/purposes/phone/receipts/"])
def test_the_pages_of_a_purpose_speak_the_readers_language(
    purposes: dict[str, Purpose], sign_in: SignIn, page: str
) -> None:
    purposes["phone"].word({"es": ("Que te llamemos", "Llamamos."), "en": ("Ring me", "We call.")}, by=None)
    shown = sign_in("admin").get(page, headers={"accept-language": "es"}).content.decode()
    assert "Que te llamemos" in shown and "Ring me</" not in shown.split("<main")[-1].split("edition")[0]


def test_other_words_make_the_next_version_and_the_same_words_none(purposes: dict[str, Purpose]) -> None:
    phone = purposes["phone"]
    first = phone.wording("en")
    same = {each.language: (each.title, each.text + "\r\n ") for each in phone.wordings.all()}
    assert phone.word(same, by=None) == 1
    assert phone.word({**same, "en": ("Calls", "You may call me.")}, by=None) == 2
    assert phone.wording("en").text == "You may call me."
    assert phone.wording("es").version == 2
    assert first.text == Wording.objects.get(pk=first.pk).text
    assert AuditEntry.objects.filter(verb="purpose_worded").count() == 1


def test_a_language_left_out_is_not_asked_in(purposes: dict[str, Purpose]) -> None:
    phone = purposes["phone"]
    phone.word({"es": ("", "Me pueden llamar."), "en": ("", " \n")}, by=None)
    assert phone.wording("en").text == "Me pueden llamar."
    assert phone.wording("en").name == phone.label


def test_a_wording_is_never_changed_or_deleted(purposes: dict[str, Purpose]) -> None:
    wording = purposes["phone"].wording("en")
    wording.text = "Something else"
    with pytest.raises(WordingStays):
        wording.save()
    with pytest.raises(WordingStays):
        wording.delete()
    assert wording.hash == hash_of("Something else")


@pytest.mark.parametrize("code", ["Phone", "1a", "a b", "a\n", "", "é", "a" * 41])
def test_a_code_is_short_and_plain(site: Following, code: str) -> None:
    with pytest.raises(ValidationError):
        Purpose(code=code, label="x").full_clean()
