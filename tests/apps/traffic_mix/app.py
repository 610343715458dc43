"""A shop whose visitors were recorded: access.log by its server, visit.har by a browser."""

from flask import Flask, request

app = Flask(__name__)
ORDERS = {number: {"number": number, "item": "tea"} for number in range(1, 101)}


@app.get("/orders")
def orders():
    return {"orders": len(ORDERS)}


@app.get("/orders/<int:number>")
def order(number):
    return ORDERS.get(number, ("no such order", 404))


@app.get("/search")
def search():
    return {"found": request.args["q"]}


@app.post("/orders")
def add():
    number = request.get_json()["number"]
    ORDERS[number] = request.get_json()
    return ORDERS[number], 201


@app.post("/login")
def login():
    return ("", 302, {"Location": "/orders"}) if request.form.get("name") else ("who?", 400)
