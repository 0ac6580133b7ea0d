"""The pages of sites: list, new, install, keys, settings."""

import re
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import TABLE, Role
from embudo.capture import snapshot
from embudo.capture.models import Site, WriteKey
from tests.cast import mallory

NEW = {"name": "Norte", "domains": "https://www.Norte.example/inicio, *.shop.example:8080", "mode": "required"}


def test_an_empty_list_invites(signed_in: Any) -> None:
    page = signed_in().get("/sites/").content.decode()
    assert "No site yet" in page and 'href="/sites/new/"' in page


def test_a_new_site_has_its_snippet_and_waits_for_its_first_event(signed_in: Any) -> None:
    client = signed_in()
    answer = client.post("/sites/new/", NEW)
    site = Site.objects.get()
    assert site.domains == ["www.norte.example", "shop.example"]
    page = client.get(answer.headers["Location"]).content.decode()
    assert f"http://127.0.0.1:8001/tracker.js?key={site.public_key.text}" in page
    assert "Waiting for your first event" in page


@pytest.mark.parametrize(
    ("domains", "words"),
    [(each, "is not a domain. Write it as it stands in the address of a page, such as example.com") for each in (
        "a..b", "-x.example", "x" * 64 + ".example", "<script>", "...", "http://", "https:///x", "javascript:alert(1)",
        "C:\\pages", "12345", "1.2.3", "[::1]", "exa_mple.com", "example.com:shop", "\u202eexample.com",
        "https://user:pass@norte.example",
    )]
    + [(each, "has blanks. Write each domain such as example.com, and commas between several") for each in (
        "not a domain", "http://not a domain/x", "example.com shop.example.org", "example\u00a0.com",
    )]
    + [("ana@norte.example", "looks like a mail address"), ("mailto:ana@norte.example", "looks like a mail address")],
)  # fmt: skip
def test_what_is_no_domain_is_refused_with_what_is_expected(signed_in: Any, domains: str, words: str) -> None:
    answer = signed_in().post("/sites/new/", {**NEW, "domains": f"norte.example, {domains}"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert f"“{escape(domains if len(domains) <= 60 else domains[:60] + '…')}”" in page, "as it was written"
    assert "“norte.example”" not in page
    assert not Site.objects.exists()


def test_of_several_odd_texts_each_is_told(signed_in: Any) -> None:
    page = signed_in().post("/sites/new/", {**NEW, "domains": ", ".join(["a b", "..", "a@b"] * 9)}).content.decode()
    assert page.count("“a b” has blanks") == page.count("“..” is not") == page.count("“a@b” looks") == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("HTTPS://Norte.example:8443/a?b#c", "norte.example"), ("*.norte.example", "norte.example"),
        ("norte.example.", "norte.example"), ("norte.example?x=1", "norte.example"), ("localhost:8000", "localhost"),
        ("intranet", "intranet"), ("127.0.0.1", "127.0.0.1"),
    ],
)  # fmt: skip
def test_a_domain_is_found_in_what_people_paste(signed_in: Any, typed: str, kept: str) -> None:
    signed_in().post("/sites/new/", {**NEW, "domains": typed})
    assert Site.objects.get().domains == [kept]


def test_a_domain_in_its_own_script_is_kept_as_the_network_writes_it(signed_in: Any) -> None:
    signed_in().post("/sites/new/", {**NEW, "domains": "peña.example"})
    assert Site.objects.get().domains == ["xn--pea-8ma.example"]


@pytest.mark.parametrize("part", ["", "install/", "keys/", "settings/", "live/?after="])
@pytest.mark.parametrize("role", list(Role))
def test_sites_are_for_the_roles_of_the_table(signed_in: Any, site: Site, role: str, part: str) -> None:
    permission = "sites.edit" if part in ("keys/", "settings/") else "sites.see"
    status = signed_in(role).get(f"/sites/{site.public_id}/{part}").status_code
    assert (status in (200, 204)) == (role in TABLE[permission])
    assert (status == 403) == (role not in TABLE[permission])


@pytest.mark.parametrize(
    "path", ["/sites/new/", "/sites/{site}/keys/", "/sites/{site}/settings/", "/sites/{site}/keys/{key}/revocation/"]
)
def test_a_role_without_the_permission_changes_nothing(signed_in: Any, site: Site, path: str) -> None:
    key = site.public_key
    address = path.format(site=site.public_id, key=key.pk)
    assert signed_in("sales").post(address, {**NEW, "label": "x", "kind": "public"}).status_code == 403
    site.refresh_from_db()
    key.refresh_from_db()
    assert (Site.objects.count(), WriteKey.objects.count(), key.revoked_at, site.name) == (1, 1, None, "Norte")


@pytest.mark.parametrize("part", ["", "install/", "keys/", "settings/", "live/"])
def test_an_unknown_site_is_not_found(signed_in: Any, part: str) -> None:
    assert signed_in().get(f"/sites/nowhere/{part}").status_code == 404


def test_the_examples_hold_the_key_and_the_address_of_the_collector(signed_in: Any, site: Site, settings: Any) -> None:
    from dataclasses import replace

    settings.EMBUDO = replace(settings.EMBUDO, collector_url="https://in.norte.example/")
    page = signed_in().get(f"/sites/{site.public_id}/install/").content.decode()
    assert page.count(site.public_key.text) == 1
    assert page.count("YOUR_SECRET_KEY") == 3
    assert page.count("https://in.norte.example/") >= 2
    assert "https://in.norte.example//" not in page


def test_a_site_without_a_public_key_says_what_to_do(signed_in: Any, site: Site) -> None:
    site.keys.update(revoked_at=site.created_at)
    client = signed_in()
    assert "No public key is in force" in client.get(f"/sites/{site.public_id}/install/").content.decode()
    assert client.get(f"/sites/{site.public_id}/").status_code == 200


def test_a_secret_key_is_shown_once_and_kept_as_a_hash(signed_in: Any, site: Site) -> None:
    client = signed_in()
    client.post(f"/sites/{site.public_id}/keys/", {"label": "shop", "kind": "secret"})
    text = re.search(r"sk_[0-9a-f]{48}", client.get(f"/sites/{site.public_id}/keys/").content.decode())[0]
    assert WriteKey.objects.get(kind="secret").sha256 == sha256(text.encode()).hexdigest()
    again = client.get(f"/sites/{site.public_id}/keys/").content.decode()
    assert text not in again and f"sk_…{text[-4:]}" in again


def test_a_secret_of_one_site_is_not_shown_on_another(signed_in: Any, site: Site) -> None:
    other = Site(name="Other")
    other.open(by=None)
    client = signed_in()
    client.post(f"/sites/{site.public_id}/keys/", {"label": "shop", "kind": "secret"})
    assert "Your secret key" not in client.get(f"/sites/{other.public_id}/keys/").content.decode()
    assert "Your secret key" in client.get(f"/sites/{site.public_id}/keys/").content.decode()


def test_a_key_is_revoked_and_undo_brings_it_back(signed_in: Any, site: Site) -> None:
    client, key = signed_in(), site.public_key
    page = client.post(f"/sites/{site.public_id}/keys/{key.pk}/revocation/", follow=True).content.decode()
    key.refresh_from_db()
    assert key.revoked_at
    assert "Use again" in client.get(f"/sites/{site.public_id}/keys/").content.decode()
    client.post(re.search(r'action="([^"]+restoration/)"', page)[1])
    key.refresh_from_db()
    assert key.revoked_at is None
    assert list(AuditEntry.objects.values_list("verb", flat=True))[:2] == ["key_restored", "key_revoked"]


def test_revoking_twice_is_one_row_in_the_trail(signed_in: Any, site: Site) -> None:
    client, key = signed_in(), site.public_key
    for _ in range(2):
        client.post(f"/sites/{site.public_id}/keys/{key.pk}/revocation/")
    assert AuditEntry.objects.filter(verb="key_revoked").count() == 1


def test_a_key_is_revoked_by_post_and_under_its_own_site_only(signed_in: Any, site: Site) -> None:
    other = Site(name="Other")
    other.open(by=None)
    client, key = signed_in(), site.public_key
    assert client.get(f"/sites/{site.public_id}/keys/{key.pk}/revocation/").status_code == 405
    assert client.post(f"/sites/{other.public_id}/keys/{key.pk}/revocation/").status_code == 404


def test_the_consent_mode_changes_with_a_row_in_the_trail(signed_in: Any, site: Site) -> None:
    signed_in().post(f"/sites/{site.public_id}/settings/", {"name": "Norte", "domains": "", "mode": "cookieless"})
    site.refresh_from_db()
    assert (site.mode, site.domains) == ("cookieless", [])
    entry = AuditEntry.objects.get(verb="consent_mode_changed")
    assert (entry.detail, entry.by.name) == ({"old": "implied", "new": "cookieless"}, "Marketing")


def test_a_refused_form_leaves_the_head_of_the_page_as_it_is(signed_in: Any, site: Site) -> None:
    answer = signed_in().post(f"/sites/{site.public_id}/settings/", {"name": "", "domains": "", "mode": "implied"})
    assert answer.status_code == 422
    assert "<h1>Norte</h1>" in answer.content.decode()


def test_an_archived_site_takes_nothing_more_and_undo_brings_it_back(signed_in: Any, site: Site, here: Any) -> None:
    client = signed_in()
    page = client.post(f"/sites/{site.public_id}/archival/", follow=True).content.decode()
    site.refresh_from_db()
    assert site.archived_at and snapshot.sites() == []
    assert "Every site is archived" in page and site.name in page
    shown = client.get(f"/sites/{site.public_id}/").content.decode()
    assert "its keys open nothing" in shown
    undo = re.search(r'action="([^"]+reopening/)"', page)
    assert undo is not None
    for _ in range(2):
        client.post(undo[1])
    site.refresh_from_db()
    assert site.archived_at is None and len(snapshot.sites()) == 1
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == ["site_reopened", "site_archived", "site_added"]


@pytest.mark.parametrize("act", ["archival", "reopening"])
def test_a_site_is_archived_by_post_and_by_those_who_may(signed_in: Any, site: Site, act: str) -> None:
    assert signed_in("sales").post(f"/sites/{site.public_id}/{act}/").status_code == 403
    client = signed_in()
    assert client.get(f"/sites/{site.public_id}/{act}/").status_code == 405
    assert client.post(f"/sites/nowhere/{act}/").status_code == 404
    site.refresh_from_db()
    assert site.archived_at is None


@pytest.mark.parametrize(
    ("mode", "call"),
    [("required", "embudo.consent(true, {wording"), ("implied", "embudo.consent(false)"), ("cookieless", None)],
)
def test_the_snippet_says_what_each_mode_needs_besides(signed_in: Any, site: Site, mode: str, call: str | None) -> None:
    Site.objects.update(mode=mode)
    page = signed_in().get(f"/sites/{site.public_id}/install/").content.decode()
    assert (call in page) if call else ("embudo.consent(" not in page)


def test_names_and_labels_are_never_markup(signed_in: Any, here: Any) -> None:
    client: Client = signed_in("admin")
    client.post("/sites/new/", {**NEW, "name": mallory.name})
    site = Site.objects.get()
    client.post(f"/sites/{site.public_id}/keys/", {"label": mallory.title, "kind": "public"})
    for path in (
        "/sites/",
        *(f"/sites/{site.public_id}/{part}" for part in ("", "install/", "keys/", "settings/")),
        "/changes/",
    ):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page and "<img src=x" not in page
