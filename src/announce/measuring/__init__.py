"""How fast is it here? A campaign made for measuring, and one send of it with its figures.

campaign.py   the project that is sent: words in letter/, people as many as wanted
figures.py    what a send took, as values
sending.py    one whole send, as a process of its own
"""
