"""The parts of the benchmark; run.py beside this folder drives them.

measure.py launcher.py   one process, its time, CPU and memory
sinks.py                 the mail server that counts
peers.py                 who is measured, and how each is started
content.py               whether all of them sent the same letter to the same people
rounds.py                peers in turn, round after round
delay.py roundtrip.py    the same over a long way
large.py                 memory, and sending again, with many recipients
report.py plot.py        tables for people, SVG
"""
