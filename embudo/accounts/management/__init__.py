"""What an operator runs for the accounts by `embudo manage`."""
