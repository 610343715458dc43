"""Notes behind a token that lives for twenty seconds."""

import base64
import hashlib
import hmac
import json
import os
import time

from fastapi import FastAPI, Header, HTTPException

KEY, LIFE_SECONDS = os.urandom(32), 20
app = FastAPI()


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signature(text):
    return encoded(hmac.new(KEY, text.encode(), hashlib.sha256).digest())


@app.post("/token")
async def token():
    head = encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    claims = encoded(json.dumps({"sub": "ann", "exp": int(time.time()) + LIFE_SECONDS}).encode())
    return {"access_token": f"{head}.{claims}.{signature(f'{head}.{claims}')}"}


@app.get("/notes")
async def notes(authorization: str = Header()):
    text, _, signed = authorization.removeprefix("Bearer ").rpartition(".")
    claims = text.partition(".")[2]
    if not hmac.compare_digest(signed, signature(text)):
        raise HTTPException(401, "no token")
    if json.loads(base64.urlsafe_b64decode(claims + "=="))["exp"] < time.time():
        raise HTTPException(401, "the token has expired")
    return ["one"]
