"""Tests of the fictional company."""
