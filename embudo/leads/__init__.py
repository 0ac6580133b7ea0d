"""People and what is derived about them: identity, score, stage; every row here can be rebuilt from the log."""
