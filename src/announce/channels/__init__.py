"""Channels: each a room that knows a message's shape and its wire."""
