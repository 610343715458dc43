import secrets
from html import escape

from flask import Flask, abort, redirect, request, session

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
NOTES = []


def token():
    return session.setdefault("csrf", secrets.token_urlsafe(16))


@app.before_request
def check():
    given = request.form.get("csrf", "") or request.headers.get("X-CSRF-Token", "")
    if request.method == "POST" and not secrets.compare_digest(given, session.get("csrf", "-")):
        abort(400, "the form has expired")


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "POST":
        if (request.form["name"], request.form["password"]) != ("ann", "a password"):
            abort(401, "wrong name or password")
        session["name"] = request.form["name"]
        return redirect("/notes")
    hidden = f'<input type="hidden" name="csrf" value="{token()}">'
    return f'<form method="post">{hidden}<input name="name"><input name="password"></form>'


@app.route("/notes", methods=["GET", "POST"])
def notes():
    if "name" not in session:
        abort(401)
    if request.method == "POST":
        NOTES[:] = [*NOTES, request.form["text"]][-100:]
        return redirect("/notes")
    return "".join(f"<p>{escape(note)}</p>" for note in NOTES)
