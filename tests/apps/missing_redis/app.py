import redis
from flask import Flask

app = Flask(__name__)
cache = redis.Redis(host="127.0.0.1", port=1)


@app.route("/hits")
def hits():
    return str(cache.incr("hits"))
