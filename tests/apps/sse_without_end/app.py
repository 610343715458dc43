import time

from flask import Flask, Response

app = Flask(__name__)


@app.route("/events")
def events():
    def lines():
        while True:
            yield "data: tick\n\n"
            time.sleep(0.2)

    return Response(lines(), mimetype="text/event-stream")


@app.route("/page")
def page():
    return "page"
