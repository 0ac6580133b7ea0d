"""Imports need a log and tables that follow it, like the tests of leads."""

from tests.leads.conftest import following, log

__all__ = ["following", "log"]
