"""The lock on a run's folder: one driver writes to it at a time."""

import fcntl
import os
from pathlib import Path

from lab.files import FOLDER


class FolderLock:
    """Held by an open descriptor of the folder, so that it ends with the process at the latest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor: int | None = None

    def take(self) -> bool:
        """Whether the lock is now held; False where another driver holds it."""
        descriptor = os.open(self.path, FOLDER)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self.descriptor = descriptor
        return True

    def release(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None
