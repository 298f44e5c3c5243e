"""Calling `announce schedule run` for ever: what is written into the machine, and taken out again.

job.py           what is called, and how
environment.py   the variables that it finds, in a file that only its user can read
trial.py         called once in cron's bare environment
crontab.py       cron          systemd.py   a timer of the user's
workflow.py      GitHub Actions
"""
