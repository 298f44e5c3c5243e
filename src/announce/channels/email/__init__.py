"""E-mail: composing, writing and checking mails, and the SMTP conversation that hands them over."""
