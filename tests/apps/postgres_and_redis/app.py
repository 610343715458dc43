import os

import psycopg2
import redis
from flask import Flask

app = Flask(__name__)
cache = redis.Redis(host=os.environ.get("CACHE_HOST", "localhost"))


@app.route("/visits")
def visits():
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO visit DEFAULT VALUES RETURNING id")
        return {"visit": cursor.fetchone()[0], "cached": cache.incr("visits")}
