"""What sales does: answers a hand-off, calls, meets, opens an opportunity, wins it or loses it.

Fit and intent decide most of it, the rep some, chance the rest.
"""

from datetime import timedelta
from typing import Any

from embudo.core.attributes import resolve
from embudo.core.definition import Definition
from embudo.core.event import DAY, HOUR, MINUTE
from embudo.core.scoring import fit as score_fit
from embudo.demo import visits
from embudo.demo.chance import Wheel, sigmoid
from embudo.demo.clock import EPOCH, office_instant, working_instant
from embudo.demo.life import Life, new_id
from embudo.demo.persona import CURRENCY
from embudo.demo.world import Staff, world

REFUSALS = Wheel.of({"no_budget": 3, "unreachable": 3, "wrong_person": 3, "no_interest": 2, "too_early": 2})
LOST = Wheel.of({"price": 4, "no_decision": 4, "competitor": 3, "missing": 2, "timing": 2})
WON = Wheel.of({"routing": 4, "mobile app": 3, "price": 2, "support": 2, "integrations": 1})
ACTIONS = {
    "demo_requested": ("demo", "demo"),
    "quote_requested": ("quote", "quote"),
    "trial_started": ("trial", "trial"),
}
BACKLOG = 16 * DAY  # at the end of the history work has piled up: somebody is always on holiday
GOALS = ("shorter routes", "less paper", "first-time fix", "service levels", "fewer calls")
TOOLS = ("spreadsheet", "paper", "own software", "another product", "none")


def asks(life: Life, at: int, kind: str) -> int:
    """Tell a sales action: the form of a demo, quote or trial and the request itself; return when."""
    name, slug = ACTIONS[kind]
    more = {"teams": max(1, life.persona.employer.size // 12)} if kind != "trial_started" else None
    asked = ["company", "title", "role", "industry", "company_size", "country", "city", "language"]
    if life.random.random() < 0.45:
        asked.append("budget")
    at = visits.form(life, at, name, world().page(slug), *asked, fields=more)
    if kind == "trial_started":
        life.account(kind, at, {"plan": "trial", "days": 14})
        return at
    return visits.acts(life, at, kind, {"form": name})


def handed_over(life: Life, at: int, definition: Definition) -> bool:
    """Return whether the agreed definition hands them to sales at an instant at which they asked for something."""
    found = score_fit(resolve(life.facts, at), definition)
    return found.matches(definition.promotion.fit)


def answered(life: Life, asked_at: int) -> int | None:
    """Tell how sales answers the hand-off; return when it was accepted, None when it was not."""
    random, who = life.random, life.persona
    reps = world().reps(who.language)
    life.rep = reps[0] if random.random() < 0.55 else reps[-1]
    piled_up = life.until - asked_at < BACKLOG and random.random() < 0.5
    if piled_up or random.random() < life.rep.forgets:
        return None
    hours = random.lognormvariate(0, 0.5) * life.rep.answers_h
    at = office_instant(asked_at, hours, who.zone_h, random)
    outcome = "held" if random.random() < 0.7 else "voicemail"
    life.app("call_made", at, {"outcome": outcome, "minutes": 1 + int(random.random() * 14)}, life.rep)
    at += int((2 + random.random() * 40) * MINUTE)
    if random.random() < sigmoid(2.4 - 2.8 * who.fit - 1.6 * life.warmth):
        reason = refusal(life)
        for_good = {"outcome": "discarded"} if reason == "no_fit" else {}
        life.app("handoff_rejected", at, {"reason": reason, **for_good}, life.rep)
        return None
    life.app("handoff_accepted", at, {}, life.rep)
    life.app("profile_changed", at + HOUR // 4, {"traits": _learnt(life, at)}, life.rep)
    return at


def refusal(life: Life) -> str:
    """Return the reason a rep gives for refusing them."""
    who = life.persona
    if who.fit < 0.35 or who.employer.size < 12:
        return "no_fit"
    return REFUSALS.turn(life.random.random)


def pursued(life: Life, accepted_at: int) -> int | None:
    """Tell the work on an accepted hand-off; return the instant of winning, None when they did not buy (yet)."""
    random, who, rep = life.random, life.persona, life.rep
    assert rep is not None
    at = working_instant(accepted_at, 1 + random.expovariate(0.25), who.zone_h, random)
    life.app(
        "meeting_held", at, {"subject": "discovery", "outcome": "held", "minutes": 20 + int(random.random() * 40)}, rep
    )
    if random.random() > sigmoid(-3.6 + 2.6 * who.fit + 2.4 * life.warmth):
        _given_back(life, at, rep)
        return None
    deal = _deal(life)
    at += HOUR
    life.app("opportunity_opened", at, {**deal, "stage": "discovery"}, rep)
    chance = win_chance(life)
    for stage, days in (("proposal", 6.0), ("negotiation", 12.0)):
        at = working_instant(at, 2 + random.expovariate(1 / days) * (1.6 - chance), who.zone_h, random)
        _reads_again(life, at - DAY)
        if random.random() < (1 - chance) * 0.4:
            _lost(life, at, deal, rep)
            return None
        life.app("opportunity_moved", at, {**deal, "stage": stage}, rep)
        if random.random() < 0.6:
            life.app("meeting_held", at + 2 * HOUR, {"subject": stage, "outcome": "held", "minutes": 30}, rep)
    at = working_instant(at, 2 + random.expovariate(1 / 10), who.zone_h, random)
    if random.random() > chance**0.5:
        _lost(life, at, deal, rep)
        return None
    life.app("opportunity_won", at, {**deal, "reason": WON.turn(random.random)}, rep)
    bought = {"amount": deal["amount"], "currency": CURRENCY, "order": deal["opportunity"], "product": "Rutalba Teams"}
    life.account("purchase_made", at + 20 * HOUR, bought)
    return at


def _given_back(life: Life, met_at: int, rep: Staff) -> None:
    """Tell that after some weeks nothing came of it: half of them go back to marketing, the others stay on the list."""
    if life.random.random() < 0.5:
        at = working_instant(met_at, 10 + life.random.random() * 30, life.persona.zone_h, life.random)
        life.app("handoff_rejected", at, {"reason": "no_interest" if life.random.random() < 0.6 else "too_early"}, rep)


def win_chance(life: Life) -> float:
    """Return the latent chance of winning an opportunity: fit, intent and the rep who has it."""
    skill = life.rep.skill if life.rep else 0.0
    return sigmoid(-3.6 + 2.6 * life.persona.fit + 3.0 * life.persona.intent + skill)


def _lost(life: Life, at: int, deal: dict[str, Any], rep: Staff) -> None:
    life.app("opportunity_lost", at, {**deal, "reason": LOST.turn(life.random.random)}, rep)


def _deal(life: Life) -> dict[str, Any]:
    who = life.persona
    amount = round(who.budget * life.random.uniform(0.5, 1.1) / 100) * 100
    return {
        "opportunity": new_id(life.random),
        "name": f"{who.employer.name}: {max(1, who.employer.size // 12)} teams",
        "amount": amount,
        "currency": CURRENCY,
    }


def _reads_again(life: Life, at: int) -> None:
    if life.random.random() < 0.5 + life.warmth / 2:
        visits.session(life, working_instant(at, 0.0, life.persona.zone_h, life.random))


def _learnt(life: Life, at: int) -> dict[str, Any]:
    """What the rep writes down after the first call: standard attributes and the company's own."""
    random, truth = life.random, life.truth()
    told = {name: truth[name] for name in ("industry", "company_size", "budget", "city") if random.random() < 0.8}
    told["field_teams"] = max(1, life.persona.employer.size // 12)
    told["current_tool"] = random.choice(TOOLS)
    told["goals"] = sorted(random.sample(GOALS, 1 + int(random.random() * 3)))
    told["has_dispatcher"] = random.random() < 0.6
    if random.random() < 0.4:
        renewal = EPOCH + timedelta(microseconds=at, days=60 + random.random() * 400)
        told["renewal_on"] = renewal.replace(day=1).date().isoformat()
    life.traits.update(told)
    return told
