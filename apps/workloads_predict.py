"""An endpoint that asks another service and runs a small estimator on numbers."""

import os

import numpy
import requests
from sklearn.linear_model import LogisticRegression

SAMPLE_ROWS = 400
FEATURES = 8
TIMEOUT_SECONDS = 10.0
DRAW = numpy.random.RandomState(596)
SAMPLES = DRAW.standard_normal((SAMPLE_ROWS, FEATURES))
ESTIMATOR = LogisticRegression().fit(SAMPLES, SAMPLES.sum(axis=1) > 0)


def own_health():
    """The URL of this app's health endpoint.

    An `async` endpoint that requests it would wait for itself.
    """
    host = os.environ.get("LAB_HOST", "0.0.0.0").replace("0.0.0.0", "127.0.0.1")
    return "http://%s:%s/health" % (host, os.environ.get("LAB_PORT", "8000"))


def predict():
    """Send one request with `requests`, then run numpy and scikit-learn."""
    with requests.Session() as session:
        session.trust_env = False
        ready = session.get(own_health(), timeout=TIMEOUT_SECONDS).json()["ready"]
    scaled = (SAMPLES - SAMPLES.mean(axis=0)) / SAMPLES.std(axis=0)
    return int(ESTIMATOR.predict(scaled).sum()) if ready else 0
