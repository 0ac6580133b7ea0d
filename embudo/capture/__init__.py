"""Where facts come from: sites, their write keys, what each asks of its visitors, what comes in right now."""
