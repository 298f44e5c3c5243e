"""The dry run a person can look at: a folder of pages that open from disk, and the exact files."""
