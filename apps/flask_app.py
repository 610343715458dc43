"""Flask: /sync/<workload> runs in whatever thread the server gives it."""

import probe
from flask import Flask, jsonify
from workloads import WORKLOADS

app = Flask(__name__)


def view(workload):
    return lambda: jsonify(done=workload())


for name, workload in WORKLOADS.items():
    app.add_url_rule("/sync/" + name, name, view(workload))


@app.route("/health")
def health():
    return jsonify(ready=True)


probe.start()
