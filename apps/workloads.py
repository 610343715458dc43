"""What an endpoint does; the same functions stand behind every framework."""

ENTRIES = 1_000_000
"""Length of each list in the thread's report."""


def lists():
    """Make and drop two lists of a million entries: 2 x 7.63 MiB of pointers."""
    first = [0] * ENTRIES
    second = [0] * ENTRIES
    return len(first) + len(second)


def hello():
    """Do nothing: what is left is the cost of the server."""
    return 0


WORKLOADS = {"lists": lists, "hello": hello}
