"""The demo's ordinary records: what is not a fact, such as sites and the names of the company's own attributes."""

from collections.abc import Mapping

from embudo.accounts.models import User
from embudo.capture.models import Mode, Site
from embudo.core.lifecycle import PROSPECT
from embudo.demo.sale import GOALS, TOOLS
from embudo.demo.world import APP_SITE, COMPANY, DOCS, DOMAIN, HOSTS, MAIL_SITE, WWW, world
from embudo.leads import free_mail, owners
from embudo.leads.models import Attribute, Person

OWN_ATTRIBUTES = {
    "field_teams": ("Field teams", "number", ()),
    "current_tool": ("Tool used today", "choice", TOOLS),
    "goals": ("Goals", "choices", GOALS),
    "has_dispatcher": ("Has a dispatcher", "boolean", ()),
    "renewal_on": ("Contract renewal", "date", ()),
}
SITES = {
    WWW: (f"{COMPANY}: web site", [f"{host}.{DOMAIN}" for host in HOSTS.values()], Mode.IMPLIED),
    DOCS: (f"{COMPANY}: documentation", [f"docs.{DOMAIN}"], Mode.COOKIELESS),
    APP_SITE: (f"{COMPANY}: the product", [f"app.{DOMAIN}"], Mode.REQUIRED),
    MAIL_SITE: (f"{COMPANY}: mail service", [], Mode.REQUIRED),
}


def name_attributes() -> None:
    """Say how the company's own attributes are called and of what kind they are."""
    for name, (label, kind, options) in OWN_ATTRIBUTES.items():
        Attribute.objects.update_or_create(
            name=name, defaults={"label": label, "kind": kind, "options": list(options), "standard": False}
        )


def name_free_mail() -> None:
    """Say which mail domains are nobody's company."""
    for domain in world().companies["free_mail"]:
        free_mail.say(domain, free=True)


def make_sites() -> None:
    """Make the company's sites, each with a public key of its own, where they are not there yet."""
    for public_id, (name, domains, mode) in SITES.items():
        if not Site.objects.filter(public_id=public_id).exists():
            Site(public_id=public_id, name=name, domains=list(domains), mode=mode).open(by=None)


def give_owners(accepted_by: Mapping[str, str]) -> None:
    """Give people (by mail identifier) to the reps (by address) who accepted them, unless somebody has them already."""
    reps = {user.email: user for user in User.objects.filter(email__in=set(accepted_by.values()))}
    for identifier, mail in accepted_by.items():
        for person in Person.objects.filter(mail=identifier.removeprefix("mail:"), merged_into=None, owner=None):
            accepted = person.moves.filter(to_stage=PROSPECT, superseded_at=None).order_by("at").last()
            owners.give(person, reps[mail], by=reps[mail], at=accepted.at if accepted else None)
