"""Who may use this install: users, roles, sign-in, what was changed by whom."""
