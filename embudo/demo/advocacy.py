"""What customers do later: read the documentation, answer a survey, and bring others when they are glad."""

from embudo.core.event import DAY, HOUR
from embudo.demo import visits
from embudo.demo.chance import sigmoid
from embudo.demo.clock import working_instant
from embudo.demo.life import Life

PROMOTER = 9  # of 10


def stays(life: Life, won_at: int) -> None:
    """Tell the months after a purchase."""
    random, who = life.random, life.persona
    for week in range(1, 4):
        if random.random() < 0.7:
            visits.docs(life, working_instant(won_at, 7 * week, who.zone_h, random))
    asked_at = working_instant(won_at, 20 + random.random() * 25, who.zone_h, random)
    if random.random() > 0.7:
        return
    score = min(10, max(0, round(random.gauss(5.7 + 3.2 * who.fit, 1.5))))
    life.account("survey_answered", asked_at, {"survey": "After the first month", "score": score})
    glad = score >= PROMOTER
    if random.random() < (0.75 if glad else 0.05):
        refers(life, working_instant(asked_at, 3 + random.random() * 15, who.zone_h, random))


def refers(life: Life, at: int) -> None:
    """Tell that they recommend the company; those they tell arrive within weeks under their code."""
    random = life.random
    code = f"{life.persona.first[:2].upper()}{life.number:05d}"
    life.account("referral_made", at, {"code": code, "channel": "link" if random.random() < 0.7 else "mail"})
    for _ in range(1 + int(random.random() * 3 * sigmoid(life.persona.fit))):
        if at < life.until:
            life.referrals.append((at + HOUR + int(random.expovariate(1 / 6) * DAY), code))
