import os

import pymysql
from flask import Flask

app = Flask(__name__)


def connect():
    return pymysql.connect(
        host=os.environ["MYSQL_HOST"],
        user=os.environ["MYSQL_USER"],
        password=os.environ["MYSQL_PASSWORD"],
        database=os.environ["MYSQL_DATABASE"],
        autocommit=True,
    )


@app.route("/visits")
def visits():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE visit SET number = number + 1")
        cursor.execute("SELECT number FROM visit")
        return {"visits": cursor.fetchone()[0]}
