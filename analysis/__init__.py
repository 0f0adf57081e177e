"""Trains the networks of the report, keeps their results, and draws what they show."""
