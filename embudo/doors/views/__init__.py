"""The pages of API keys, webhooks and the reference."""
