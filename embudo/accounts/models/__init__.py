"""The tables of accounts: users, their invitations and sessions, the trail, and what sign-in asks of each role."""

from embudo.accounts.models.failure import SignInFailure
from embudo.accounts.models.invitation import Invitation
from embudo.accounts.models.second_step import SecondStepRule
from embudo.accounts.models.session import UserSession
from embudo.accounts.models.trail import AuditEntry
from embudo.accounts.models.user import (
    LastAdministrator,
    Theme,
    User,
    UserManager,
    UserStays,
    known_time_zone,
    normal_email,
)

__all__ = [
    "AuditEntry", "Invitation", "LastAdministrator", "SecondStepRule", "SignInFailure", "Theme", "User", "UserManager",
    "UserSession", "UserStays", "known_time_zone", "normal_email",
]  # fmt: skip
