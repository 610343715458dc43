"""Wait until the database of the `db` workloads listens; images/entry runs it before the server.

It listens when its table is there. Inside a worker the wait could outlast gunicorn's `--timeout`.
"""

import os
import socket
import sys
import time

DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.3
CONNECT_TRY_SECONDS = 0.3
NO_DATABASE = 3


def address():
    """Host and port of LAB_DATABASE, which is `host` or `host:port`."""
    host, _, port = os.environ.get("LAB_DATABASE", "postgres").partition(":")
    return host, int(port or 5432)


def listens(host, port):
    try:
        socket.create_connection((host, port), timeout=CONNECT_TRY_SECONDS).close()
    except OSError:
        return False
    return True


def main(deadline_seconds=DEADLINE_SECONDS, pause_seconds=PAUSE_SECONDS):
    give_up_at = time.monotonic() + deadline_seconds
    while not listens(*address()):
        if time.monotonic() > give_up_at:
            where = "%s:%d" % address()
            sys.stderr.write(
                "lab: no database at %s within %d s: start the service postgres, or name "
                "another in LAB_DATABASE=host:port\n" % (where, deadline_seconds)
            )
            return NO_DATABASE
        time.sleep(pause_seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
