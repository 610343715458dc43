"""Binary units in bytes: the one place that defines them."""

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
