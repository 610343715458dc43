"""How numbers are written for people; everywhere else bytes stay bytes."""

KIB = 1024
MIB = 1024 * KIB


def format_mib(size_bytes: float) -> str:
    """Bytes as MiB: `1,220 MiB`, `15.3 MiB`, `0.4 MiB`."""
    mib = size_bytes / MIB
    decimals = 0 if abs(mib) >= 100 else 1
    return f"{round(mib, decimals) + 0.0:,.{decimals}f} MiB"


def format_rate(bytes_per_request: float) -> str:
    """Bytes a request in the unit that suits: `0.26 MiB`, `2.0 KiB`, `-12 B`."""
    size = abs(bytes_per_request)
    if size >= 100 * KIB:
        return f"{bytes_per_request / MIB:.2f} MiB"
    if size >= KIB:
        return f"{bytes_per_request / KIB:.1f} KiB"
    return f"{round(bytes_per_request)} B"
