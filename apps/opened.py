"""What the descriptors of this process are, who opened them, and which files grow."""

import os
import re
import socket

import tree

STATES = {"01": "", "08": ", closed by the peer and not by the app", "0A": " that listens"}
MOST_OPENED_FILES = 5000
CHANGING = re.compile(r"(?<=tmp)[a-z0-9_]{6,}|\d+")
"""What differs between names that one line makes."""


def is_socket(name):
    return name.startswith(("TCP", "a socket"))


def descriptors(objects):
    """What each descriptor is; with it the Python object that has it."""
    targets = {}
    for number in os.listdir("/proc/self/fd"):
        try:
            targets[int(number)] = os.readlink("/proc/self/fd/" + number)
        except OSError:
            continue
    own = {target[8:-1] for target in targets.values() if target.startswith("socket:[")}
    owners, peers = holders_of(objects), connections(own) if own else {}
    for number, target in targets.items():
        yield name_of(target, peers), 1, (), owners.get(number)


def name_of(target, peers):
    if target.startswith("socket:["):
        return peers.get(target[8:-1], "a socket of this machine")
    if target.startswith("/"):
        return CHANGING.sub("*", target)
    return target.partition(":[")[0] if target.startswith("pipe:") else CHANGING.sub("*", target)


def holders_of(objects):
    """Sockets and files of Python, by their descriptors."""
    import _io
    import _socket

    found = {}
    for kind in (_socket.socket, _io.FileIO):
        for each in of_kind(objects, kind):
            try:
                found[kind.fileno(each)] = each
            except (OSError, ValueError):
                continue  # closed
    return found


def of_kind(objects, kind):
    """Objects of a type and of those below it."""
    kinds, waiting = {kind}, [kind]
    for each in waiting:
        more = [below for below in type.__subclasses__(each) if below not in kinds]
        kinds.update(more)
        waiting.extend(more)
    return [each for each in objects if type(each) in kinds]


def connections(own):
    """What each of these TCP sockets is connected to, by its inode."""
    split = [row for row in tree.sockets() if row[3] == "0A" or row[9] in own]
    listening = {port_of(row[1]) for row in split if row[3] == "0A"}
    return {row[9]: connection(row, listening) for row in split if row[9] in own}


def connection(row, listening):
    local, state = port_of(row[1]), STATES.get(row[3], ", closing")
    if row[3] == "0A":
        return "TCP on port %d%s" % (local, state)
    if local in listening:
        return "TCP from clients to port %d%s" % (local, state)
    return "TCP to %s:%d%s" % (address_of(row[2]), port_of(row[2]), state)


def port_of(text):
    return int(text.rpartition(":")[2], 16)


def address_of(text):
    """The address of an entry of /proc/net/tcp, whose words are in the machine's byte order."""
    digits = text.rpartition(":")[0]
    raw = b"".join(
        bytes.fromhex(digits[index : index + 8])[::-1] for index in range(0, len(digits), 8)
    )
    try:
        return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
    except ValueError:
        return "?"


def files():
    """Bytes of the files below the folders that the app writes to."""
    folders = {os.getcwd(), os.environ.get("HOME"), os.environ.get("TMPDIR")}
    seen, count = set(), 0
    for folder in sorted(filter(None, folders)):
        for path, _, names in os.walk(folder):
            for name in names:
                whole = os.path.join(path, name)
                count += 1
                if count > MOST_OPENED_FILES:
                    return
                if whole not in seen:
                    seen.add(whole)
                    yield CHANGING.sub("*", whole), size_of(whole), (), None


def size_of(path):
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0
