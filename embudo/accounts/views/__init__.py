"""The pages of accounts: the doors (sign-in, set-up, password link), oneself, the users, the trail."""
