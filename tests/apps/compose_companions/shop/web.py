import os
import smtplib
import urllib.request

import psycopg2
from flask import Flask

app = Flask(__name__)


@app.get("/orders")
def orders():
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM orders")
        count = cursor.fetchone()[0]
    with urllib.request.urlopen(os.environ["PRICES_URL"]) as answer:
        return {"orders": count, "prices": answer.read().decode()}


@app.get("/reminders")
def reminders():
    with smtplib.SMTP(os.environ["MAIL_HOST"], 1025) as mail:
        mail.sendmail("shop@example.com", "ann@example.com", "Subject: an order waits\n\n.")
    return {"sent": 1}
