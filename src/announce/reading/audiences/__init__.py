"""Audience files become recipients: who is addressed, at which addresses, in which language."""

from announce.reading.audiences.audience import read_audience

__all__ = ["read_audience"]
