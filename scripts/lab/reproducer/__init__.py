"""A script of one file that makes the calls that grow: its text, and what its runs say; pure."""
