import secrets

from flask import Flask, abort, redirect, request, session

app = Flask(__name__)
app.secret_key = secrets.token_bytes(32)
NOTES = []


@app.get("/notes/new")
def form():
    token = session.setdefault("csrf", secrets.token_hex(16))
    return f'<form method="post"><input name="csrf" value="{token}"><input name="text"></form>'


@app.post("/notes/new")
def save():
    if not secrets.compare_digest(request.form.get("csrf", ""), session.get("csrf", "-")):
        abort(400, "the form has expired")
    NOTES.append(request.form["text"])
    return redirect("/notes/new")
