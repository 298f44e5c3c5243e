"""Families of checks on a whole plan: each a function from nouns to Problems."""
