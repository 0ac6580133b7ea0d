"""Companies joined and taken apart by somebody: searched for, both shown, undone at once and at any time later."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from embudo.eventlog import LogUnavailable
from embudo.leads import rollup
from embudo.leads.clock import now
from embudo.leads.models import Company, CompanyMerge, Person
from embudo.leads.views import company_joins
from tests.cast import Someone, ada, bruno
from tests.leads.conftest import Following
from tests.leads.test_company_joins import SERRA, states
from tests.leads.views.conftest import SignIn, text

UNDO = re.compile(r'class="toast-card".*?action="([^"]+)"', re.DOTALL)
zoe = Someone("Zoe", "zoe@norte.example", company="Norte Logística", browser="zoe")


@pytest.fixture
def both(site: Following) -> tuple[int, int]:
    """Norte with two people and Serra with one, of which something was stated."""
    site.hears(ada.visits("/pricing").submits("contact"), zoe.submits("contact"), bruno.submits("contact"))
    site.hears(states(SERRA, city="Lages"))
    rollup.refresh(now())
    norte, serra = (Company.objects.get(domain=domain).pk for domain in ("norte.example", "serra.example"))
    return norte, serra


def joined(client: Client, both: tuple[int, int]) -> str:
    return text(client.post(f"/companies/{both[0]}/merge/{both[1]}/", {"fact": str(uuid4())}, follow=True))


def test_the_other_company_is_searched_and_both_are_shown(both: tuple[int, int], sign_in: SignIn) -> None:
    norte, serra = both
    client = sign_in("sales")
    assert f"/companies/{norte}/merge/" in text(client.get(f"/companies/{norte}/"))
    page = text(client.get(f"/companies/{norte}/merge/?q=serra.ex"))
    assert f"/companies/{norte}/merge/{serra}/" in page
    assert f"/merge/{norte}/" not in text(client.get(f"/companies/{norte}/merge/?q=norte"))
    found = client.get(f"/companies/{norte}/merge/?q=nobody", headers={"HX-Request": "true"})
    assert "No company matches" in text(found)
    page = text(client.get(f"/companies/{norte}/merge/{serra}/"))
    assert ada.company in page and bruno.company in page and "Lages" in page
    assert not CompanyMerge.objects.exists()


def test_two_companies_become_one_and_two_again(site: Following, both: tuple[int, int], sign_in: SignIn) -> None:
    norte, serra = both
    client = sign_in()
    page = joined(client, both)
    assert "are one company now" in page and "Lages" in page and "serra.example" in page and bruno.name in page
    answer = client.get(f"/companies/{serra}/")
    assert answer["Location"] == f"/companies/{norte}/"
    assert f"{bruno.company} was joined with {ada.company}" in text(client.get(answer["Location"]))
    assert bruno.name in text(client.get(f"/people/?company={serra}"))
    rollup.refresh(now())
    listed = text(client.get("/companies/"))
    assert f"/companies/{norte}/" in listed and f"/companies/{serra}/" not in listed
    assert ada.company in text(client.get("/companies/?q=serra"))
    site.agrees()
    page = text(client.post(f"/companies/{norte}/unmerge/{serra}/", {"fact": str(uuid4())}, follow=True))
    assert "are two companies again" in page and "taken apart on" in page
    assert client.get(f"/companies/{serra}/").status_code == 200
    assert "taken apart on" in text(client.get(f"/companies/{serra}/"))
    assert str(Person.objects.get(mail=bruno.mail).company) == bruno.company
    site.agrees()


def test_each_act_is_undone_by_its_message(site: Following, both: tuple[int, int], sign_in: SignIn) -> None:
    client = sign_in()
    undo = UNDO.search(joined(client, both))
    assert undo
    page = text(client.post(undo[1].replace("&amp;", "&"), follow=True))
    assert not Company.objects.exclude(merged_into=None).exists()
    again = UNDO.search(page)
    assert again
    client.post(again[1].replace("&amp;", "&"))
    assert Company.objects.get(pk=both[1]).merged_into_id == both[0]
    site.agrees()


def test_the_same_form_sent_twice_joins_once_and_nobody_joins_a_company_with_itself(
    both: tuple[int, int], sign_in: SignIn
) -> None:
    norte, serra = both
    client, fact = sign_in(), {"fact": str(uuid4())}
    for _time in range(2):
        client.post(f"/companies/{norte}/merge/{serra}/", fact)
    assert CompanyMerge.objects.count() == 1
    assert "one already" in text(client.post(f"/companies/{norte}/merge/{serra}/", follow=True))
    assert "one already" in text(client.get(f"/companies/{norte}/merge/{norte}/", follow=True))
    client.post(f"/companies/{norte}/unmerge/{serra}/")
    assert "apart already" in text(client.post(f"/companies/{norte}/unmerge/{serra}/", follow=True))
    assert CompanyMerge.objects.count() == 2


@pytest.mark.parametrize("address", ["merge/", "merge/{other}/"])
def test_what_is_not_there_is_said(both: tuple[int, int], sign_in: SignIn, address: str) -> None:
    client = sign_in()
    for missing in (7, 2**63):
        assert client.get(f"/companies/{missing}/{address.format(other=both[1])}").status_code == 404
        assert client.post(f"/companies/{both[0]}/unmerge/{missing}/").status_code == 404
    assert client.get(f"/companies/{both[0]}/unmerge/{both[1]}/").status_code == 405


def test_a_company_of_which_nothing_is_recorded_any_more_is_told_in_words(
    both: tuple[int, int], sign_in: SignIn
) -> None:
    norte, serra = both
    client = sign_in()
    Company.objects.filter(pk=norte).update(name="Grupo", domain="")
    assert "says any more which company Grupo is" in joined(client, both)
    assert not CompanyMerge.objects.exists()
    CompanyMerge.objects.create(
        at=1, fact="f", source="app", said_survivor=norte, said_absorbed=serra, survivor_id=norte, absorbed_id=serra
    )
    Company.objects.filter(pk=serra).update(merged_into=norte)
    page = text(client.post(f"/companies/{norte}/unmerge/{serra}/", follow=True))
    assert "says any more which company Grupo is" in page
    assert Company.objects.get(pk=serra).merged_into_id == norte


def test_while_the_log_does_not_answer_nothing_is_joined_or_taken_apart(
    both: tuple[int, int], sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_given: object) -> str:
        raise LogUnavailable("the disk is full")

    client = sign_in()
    joined(client, both)
    assert CompanyMerge.objects.filter(unmerged_at=None).exists()
    monkeypatch.setattr(company_joins, "identifier_of", silent)
    page = text(client.post(f"/companies/{both[0]}/unmerge/{both[1]}/", follow=True))
    assert "The log cannot be read just now" in page
    monkeypatch.setattr(company_joins, "merge_props", silent)
    CompanyMerge.objects.all().delete()
    Company.objects.update(merged_into=None)
    assert "The log cannot be read just now" in joined(client, both)
    assert not CompanyMerge.objects.exists()


def test_names_are_never_markup_on_the_way(site: Following, sign_in: SignIn) -> None:
    evil = "<script>alert(1)</script>"
    one, other = (Someone("E", f"e@{name}.example", company=f"{evil} {name}", browser=name) for name in ("ab", "cd"))
    site.hears(one.submits("contact"), other.submits("contact"))
    rollup.refresh(now())
    ab, cd = (Company.objects.get(domain=f"{name}.example").pk for name in ("ab", "cd"))
    client = sign_in()
    pages = [client.get(f"/companies/{ab}/merge/?q=script"), client.get(f"/companies/{ab}/merge/{cd}/")]
    pages += [client.post(f"/companies/{ab}/merge/{cd}/", follow=True), client.get(f"/companies/{cd}/", follow=True)]
    assert all(evil not in text(page) and "&lt;script&gt;" in text(page) for page in pages)
