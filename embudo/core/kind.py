"""Which kinds of events not everybody may say."""

# What only Embudo itself says (DESIGN 9.4, 9.9).
RESERVED_KINDS = frozenset(
    "identity_linked identity_disputed people_merged people_unmerged people_parted identity_released fact_withdrawn "
    "facts_expired verdict_revised definition_published person_erased mail_suppressed companies_merged "
    "companies_unmerged".split()
)

# What a key that stands in a web page may not say: moves of the funnel, and what only our side can know (DESIGN 9.5).
TRUSTED_KINDS = frozenset("stage_set meeting_held call_made note_written purchase_made referral_made".split())
TRUSTED_PREFIXES = ("handoff_", "opportunity_", "mail_", "stage_", "people_")


def needs_trust(kind: str) -> bool:
    """Return whether a kind may not come from a public key."""
    return kind in TRUSTED_KINDS or kind.startswith(TRUSTED_PREFIXES)
