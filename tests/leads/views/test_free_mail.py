"""Mail domains that are no companies, on screen."""

import re
from dataclasses import replace

from embudo.accounts.models import AuditEntry
from embudo.leads import free_mail
from embudo.leads.models import Company
from tests.cast import ada
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, text

noa = replace(ada, name="Noa Paz", mail="noa@postbox.example", browser="noa", phone="", company="")


def test_a_manager_calls_a_company_none_on_its_page_and_takes_it_back(site: Following, sign_in: SignIn) -> None:
    site.hears(noa.submits("contact"))
    client, company = sign_in("manager"), Company.objects.get()
    assert 'action="/companies/free-mail/"' in text(client.get(f"/companies/{company.pk}/"))

    page = text(client.post("/companies/free-mail/", {"domain": "postbox.example"}, follow=True))
    assert "postbox.example is no company now." in page and "It is a company" in page
    assert AuditEntry.objects.get(verb="free_mail_named").about == "postbox.example"
    site.follower.catch_up()
    assert not Company.objects.exists()

    undo = re.search(r'action="(/companies/free-mail/\?[^"]+)"', page.replace("&amp;", "&"))
    assert undo
    assert "is a company again" in text(client.post(undo[1], follow=True))
    site.follower.catch_up()
    assert Company.objects.get().domain == "postbox.example"


def test_what_is_no_domain_is_said(sign_in: SignIn) -> None:
    page = text(sign_in("manager").post("/companies/free-mail/", {"domain": "postbox"}, follow=True))
    assert "“postbox” is no mail domain." in page
    assert not free_mail.own()


def test_others_neither_see_it_nor_may_do_it(site: Following, sign_in: SignIn) -> None:
    site.hears(noa.submits("contact"))
    client, company = sign_in("sales"), Company.objects.get()
    assert "free-mail" not in text(client.get("/companies/")) + text(client.get(f"/companies/{company.pk}/"))
    assert client.post("/companies/free-mail/", {"domain": "postbox.example"}).status_code == 403
    assert not free_mail.own()
