"""The command line: one module a command.

The only room that prints, asks, exits, or reads the clock.
"""
