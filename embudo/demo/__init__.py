"""A fictional company with a year of history, from one seed number, at any size."""
