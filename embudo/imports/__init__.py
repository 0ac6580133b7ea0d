"""Imports: a CSV file and a map become facts at their own time, and a report of every row."""
