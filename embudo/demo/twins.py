"""One person who looks like two, and two who look like one: second browsers, second addresses, shared desks."""

from embudo.core.event import DAY, HOUR, MINUTE, Door, subject_of
from embudo.demo import visits
from embudo.demo.clock import working_instant
from embudo.demo.life import Life
from embudo.demo.world import world

DIAL = {"US": 1, "CA": 1, "GB": 44, "IE": 353, "ES": 34, "PT": 351, "MX": 52, "CO": 57, "AR": 54, "CL": 56, "BR": 55}


def appear(life: Life, known_at: int) -> None:
    """Tell, for some, how a person who is known shows up under another identifier or shares one."""
    draw = life.random.random()
    if draw < 0.16:
        second_browser(life, known_at)
    elif draw < 0.22:
        second_address(life, known_at)
    elif draw < 0.25:
        by_phone(life, known_at)
    elif draw < 0.27:
        shared_browser(life, known_at)
    elif draw < 0.29:
        office_mailbox(life, known_at)


def second_browser(life: Life, known_at: int) -> None:
    """The phone or the computer at home: a stranger until its first form."""
    first = life.browser, life.agent
    life.take_browser()
    at = working_instant(known_at, 1 + life.random.random() * 9, life.persona.zone_h, life.random)
    at = visits.session(life, at)
    if life.random.random() < 0.8:
        visits.form(life, at + MINUTE, "newsletter", world().page(""), "language")
    if life.random.random() < 0.5:
        life.browser, life.agent = first


def second_address(life: Life, known_at: int) -> None:
    """The same human under a private address: two people until somebody merges them; a few are taken apart again."""
    random, who, mine = life.random, life.persona, (life.browser, life.agent, life.mail)
    free_mail = world().companies["free_mail"]
    life.take_browser()
    life.mail = f"{mine[2].split('@')[0]}{life.number % 97}@{free_mail[life.number % len(free_mail)]}"
    at = visits.session(life, working_instant(known_at, 3 + random.random() * 20, who.zone_h, random))
    at = visits.form(life, at + MINUTE, "newsletter", world().page(""), "language", "company")
    other = subject_of(f"mail:{life.mail}")
    life.browser, life.agent, life.mail = mine
    if random.random() < 0.55:
        merged_at = working_instant(at, 2 + random.random() * 6, who.zone_h, random)
        _by_hand(life, "people_merged", merged_at, other)
        if random.random() < 0.15:
            _by_hand(life, "people_unmerged", merged_at + 3 * DAY, other)


def by_phone(life: Life, known_at: int) -> None:
    """They called before they wrote: the call stands under the number until a rep notes it beside the address."""
    random = life.random
    rep = world().reps(life.persona.language)[0]
    phone = f"+{DIAL[life.persona.employer.country]}555{life.number % 10_000_000:07d}"
    at = max(life.began_at, known_at - int((1 + random.random() * 30) * HOUR))
    props = {
        "by": rep.mail,
        "direction": "in",
        "minutes": 2 + int(random.random() * 9),
        "traits": {"name": life.persona.name, "phone": phone},
    }
    life.write("app", "call_made", at, f"phone:{phone}", props, {"by_name": rep.name}, door=Door.APP)
    life.app("profile_changed", known_at + 2 * HOUR, {"traits": {"phone": phone}}, rep)


def shared_browser(life: Life, known_at: int) -> None:
    """A colleague signs up on the same computer: the browser stays with whom it belonged to first."""
    mine, who = life.mail, life.persona
    colleague = life.random.choice(world().people[who.language]["first"])
    life.mail = f"{colleague.split()[0].lower()}.{life.number % 89}@{who.employer.domain}"
    at = known_at + int((1 + life.random.random() * 4) * DAY)
    life.browses(
        "form_submitted",
        at,
        {
            "form": "newsletter",
            "path": "/",
            "traits": {"email": life.mail, "first_name": colleague, "company": who.employer.name},
        },
        {"user_agent": life.agent, "url": world().page("").url(who.language)},
    )
    life.mail = mine


def office_mailbox(life: Life, known_at: int) -> None:
    """The office's mailbox, typed by whoever sits at the desk, from several browsers."""
    first, mine, who = (life.browser, life.agent), life.mail, life.persona
    life.mail = f"info@{who.employer.domain}"
    for day in (2, 11):
        life.take_browser()
        at = visits.session(life, working_instant(known_at, day, who.zone_h, life.random))
        life.browses(
            "form_submitted",
            at + MINUTE,
            {"form": "contact", "path": "/contact", "traits": {"email": life.mail, "company": who.employer.name}},
            {"user_agent": life.agent, "url": world().page("contact").url(who.language)},
        )
    life.mail = mine
    life.browser, life.agent = first


def _by_hand(life: Life, kind: str, at: int, other: int) -> None:
    """A person in the app says that two are one, or that they are not."""
    mine = subject_of(f"mail:{life.mail}")
    by = next(each for each in world().staff if each.role == "manager")
    props = {"survivor": mine, "absorbed": other, "evidence": "by_hand", "by": by.mail}
    life.write("app", kind, at, f"person:{mine}", props, {"by_name": by.name}, door=Door.APP)
