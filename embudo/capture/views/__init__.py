"""The pages of sites: list and settings, keys, what comes in."""
