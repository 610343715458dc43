"""Someone's own app: its description, its place on an engine, and what its memory means."""
