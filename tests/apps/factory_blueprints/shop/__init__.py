from flask import Flask


def create_app(settings=None):
    app = Flask(__name__)
    from . import orders

    app.register_blueprint(orders.bp, url_prefix="/orders")
    return app
