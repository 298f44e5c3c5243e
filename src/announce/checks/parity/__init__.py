"""Parity: whether the two languages of a message say the same."""

from announce.checks.parity.compare import disagreements

__all__ = ["disagreements"]
