"""When a campaign's occurrences are due: entries of a schedule, clocks, quiet hours, holidays."""
