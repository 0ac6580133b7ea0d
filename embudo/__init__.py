"""Embudo: from anonymous visitor to ambassador, with one agreed definition of every word on the way."""

__version__ = "0.1.0"
