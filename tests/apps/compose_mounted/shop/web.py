"""Served by an image that has none of this: the Compose file mounts it."""

import json
from pathlib import Path

from flask import Flask

app = Flask(__name__)
VISITS = Path("/data/visits.txt")


@app.get("/rate")
def rate():
    return json.loads(Path("/etc/shop/rates.json").read_text())


@app.get("/visits")
def visits():
    VISITS.touch()
    Path("last.txt").write_text("seen")
    return {"bytes": VISITS.stat().st_size}
