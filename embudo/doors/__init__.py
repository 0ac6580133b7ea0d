"""Doors for other software: API keys, the REST API, and webhooks that tell others what happened here."""
