"""Flask: /sync/<workload> runs in whatever thread the server gives it, /executor/<workload> and
/processes/<workload> in one pool of the app's own; there is no loop for an `async` one.

By itself (`python3 flask_app.py`) it is Flask's development server: LAB_HOST and LAB_PORT say
where, LAB_THREADED=0 takes its threads away.
"""

import logging
import os

import pools
import probe
import workloads
from flask import Flask, jsonify, request

app = Flask(__name__)

RUNS = {
    "sync": workloads.run,
    "executor": lambda name: pools.executor().submit(workloads.run, name).result(),
    "processes": lambda name: pools.processes().submit(workloads.run, name).result(),
}


def view(run, name):
    def answer():
        if request.method == "POST":
            return jsonify(read=len(request.files["file"].read()), done=run(name))
        return jsonify(done=run(name))

    return answer


for name in workloads.served():
    methods = ["GET", "POST"] if name == "strings" else ["GET"]
    for endpoint, run in RUNS.items():
        path = "/" + endpoint + "/" + name
        app.add_url_rule(path, path, view(run, name), methods=methods)


@app.route("/health")
def health():
    return jsonify(ready=True)


def serve():
    """Run the development server, without its log line for each request."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    host, port = os.environ.get("LAB_HOST", "0.0.0.0"), int(os.environ.get("LAB_PORT", "8000"))
    app.run(host, port, threaded=os.environ.get("LAB_THREADED", "1") != "0")


probe.start()
if __name__ == "__main__":
    serve()
