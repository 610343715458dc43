"""The suites whose runs are told apart from others."""

CLAIMS_SUITE = "thread"
"""It measures what the claims are judged by."""
USER_APP_SUITE = "try"
"""The variants of a user app: no label in `compose.yaml` names it."""
