"""Flask's own server: a thread for each request."""

from flask import Flask

ENTRIES = 200_000
app = Flask(__name__)


@app.route("/")
def lists():
    first, second = [0] * ENTRIES, [0] * ENTRIES
    return str(len(first) + len(second))
