import sqlite3

from flask import Flask, jsonify

app = Flask(__name__)


@app.route("/orders")
def orders():
    with sqlite3.connect("shop.db") as database:
        return jsonify(database.execute("select count(*) from orders").fetchone())
