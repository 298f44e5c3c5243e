"""Cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations


def defused(value: object) -> str:
    """A cell that no spreadsheet runs as a formula: names and answers come from outside.

    A quote before it, as OWASP advises: https://owasp.org/www-community/attacks/CSV_Injection
    """
    text = str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
