"""The definition that ships with Embudo, version 0, unsigned."""
