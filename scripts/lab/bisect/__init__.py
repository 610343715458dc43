"""Where a change came in: a search over ordered points. Pure."""
