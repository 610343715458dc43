import os

import bottle
from words import SIGN

application = bottle.Bottle()


@application.route("/greeting")
def greeting():
    return os.environ["GREETING"] + SIGN
