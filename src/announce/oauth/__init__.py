"""Logins by OAuth2: getting tokens, keeping the one that lasts, and having a fresh one at hand."""
