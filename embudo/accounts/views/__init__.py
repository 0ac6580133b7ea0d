"""The pages of accounts: the doors (sign-in, set-up, links, providers), oneself, the users, the trail."""
