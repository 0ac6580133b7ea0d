"""The base page, its components and static files; it knows no table."""
