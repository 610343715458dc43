"""Where the parts of the repository are, that the driver reads by name."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parents[1]
COMPOSE_FILE = ROOT / "compose.yaml"
DOTENV_FILE = ROOT / ".env"
RESULTS = ROOT / "results"
MEMRAY_LOCK = ROOT / "images" / "locks" / "memray.txt"
