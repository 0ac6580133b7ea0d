"""The site of leads and who signs in to it, borrowed."""

from tests.leads.conftest import following, log
from tests.leads.views.conftest import sign_in, site

__all__ = ["following", "log", "sign_in", "site"]
