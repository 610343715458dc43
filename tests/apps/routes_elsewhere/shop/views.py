from . import app
from .models import Order


@app.route("/orders")
def orders():
    return {"orders": Order.query.count()}


@app.route("/orders/about")
def about():
    return "orders"
