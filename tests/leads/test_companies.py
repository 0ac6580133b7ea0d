from dataclasses import replace

import pytest

from embudo.core.event import subject_of
from embudo.leads.companies import Employer, employer, mail_domain
from embudo.leads.models import Company
from tests.cast import ada
from tests.leads.conftest import Following


def test_a_company_is_the_domain_of_the_mail_by_the_name_they_state() -> None:
    id = subject_of("company:norte.mx")
    assert employer({"email": "ana@norte.mx", "company": " Norte "}) == Employer(id, "Norte", "norte.mx")
    assert employer({"email": "ana@norte.mx"}) == Employer(id, "norte.mx", "norte.mx")


def test_without_a_company_mail_it_is_the_name_whatever_its_case_and_accents() -> None:
    one, other = employer({"email": "a@gmail.com", "company": "Logística"}), employer({"company": "LOGISTICA"})
    assert one is not None
    assert other is not None
    assert one.id == other.id


@pytest.mark.parametrize("mail", ["ana@gmail.com", "ana@uol.com.br", "ana", "a@b@c.mx", "ana@local", None, 7])
def test_free_mail_and_what_is_no_mail_names_no_company(mail: object) -> None:
    assert mail_domain(mail) == ""
    assert employer({"email": mail}) is None


def test_the_first_name_of_a_company_stays_whatever_one_person_says(following: Following) -> None:
    following.hears(ada.submits("guide"))
    colleague = replace(ada, name="Ines Ruiz", mail="ines@norte.example", browser="ines", phone="", company="Sul")
    following.hears(colleague.submits("guide"))
    assert Company.objects.get().name == ada.company
