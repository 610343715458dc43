"""What glibc's allocator says of this process; None where there is no glibc."""

import ctypes
import re

FIELDS = (
    "arena", "ordblks", "smblks", "hblks", "hblkhd",
    "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
)  # fmt: skip


class Mallinfo2(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS]


class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in FIELDS]


libc = ctypes.CDLL(None, use_errno=True)


def malloc_bytes():
    """Bytes in use, free in the allocator and mapped, over all arenas.

    `mallinfo` (before glibc 2.33) counts in C ints: past 2 GiB they wrap, so they are read
    as unsigned and hold up to 4 GiB.
    """
    if hasattr(libc, "mallinfo2"):
        libc.mallinfo2.restype = Mallinfo2
        info, mask = libc.mallinfo2(), (1 << 64) - 1
    elif hasattr(libc, "mallinfo"):
        libc.mallinfo.restype = Mallinfo
        info, mask = libc.mallinfo(), (1 << 32) - 1
    else:
        return {"in_use_bytes": None, "free_bytes": None, "mmapped_bytes": None}
    return {
        "in_use_bytes": info.uordblks & mask,
        "free_bytes": info.fordblks & mask,
        "mmapped_bytes": info.hblkhd & mask,
    }


def report_of(write):
    """What `write` prints on the C stream that it is given; None where C has no such streams."""
    if not hasattr(libc, "open_memstream"):
        return None
    libc.open_memstream.restype = ctypes.c_void_p
    text, size = ctypes.c_char_p(), ctypes.c_size_t()
    stream = ctypes.c_void_p(libc.open_memstream(ctypes.byref(text), ctypes.byref(size)))
    write(stream)
    libc.fclose(stream)
    report = text.value or b""
    libc.free(text)
    return report


def arenas():
    """Arenas that exist, counted in `malloc_info`'s own report; None without it."""
    if not hasattr(libc, "malloc_info"):
        return None
    report = report_of(lambda stream: libc.malloc_info(0, stream))
    return None if report is None else len(re.findall(rb"<heap nr=", report))


def python_memory():
    """Bytes in use and free in Python's own allocator of small objects.

    Counted in the report that `sys._debugmallocstats` prints, of 0.1 ms; None where the
    interpreter makes none (another implementation, or PYTHONMALLOC=malloc).
    """
    print_stats = getattr(ctypes.pythonapi, "_PyObject_DebugMallocStats", None)
    report = report_of(print_stats) if print_stats else None
    used = re.search(rb"# bytes in allocated blocks +=([ 0-9,]+)", report or b"")
    whole = re.search(rb"\d bytes/arena +=([ 0-9,]+)", report or b"")
    if not used or not whole:
        return {"python_in_use_bytes": None, "python_free_bytes": None}
    in_use, arenas_bytes = (int(found[1].replace(b",", b"")) for found in (used, whole))
    return {"python_in_use_bytes": in_use, "python_free_bytes": arenas_bytes - in_use}


def trim():
    """Ask glibc to give back what it can; True when it gave something."""
    return bool(libc.malloc_trim(0)) if hasattr(libc, "malloc_trim") else None
