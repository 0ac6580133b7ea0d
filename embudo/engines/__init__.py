"""Ways to run core, proven equal to it: online folds one event, sql compiles for a batch engine."""
