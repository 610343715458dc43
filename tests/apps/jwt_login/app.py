"""A shop: accounts need a token, baskets need a cookie, and /token gives both."""

import base64
import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

KEY = os.urandom(32)
ACCOUNTS = {"ann": "a password"}
BASKETS = {}


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signature(text):
    return encoded(hmac.new(KEY, text.encode(), hashlib.sha256).digest())


def token_for(name):
    head = encoded(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    claims = encoded(json.dumps({"sub": name, "exp": int(time.time()) + 1800}).encode())
    return f"{head}.{claims}.{signature(f'{head}.{claims}')}"


def is_valid(token):
    text, _, signed = token.rpartition(".")
    return hmac.compare_digest(signed, signature(text))


class Shop(BaseHTTPRequestHandler):
    def do_POST(self):
        size = int(self.headers.get("Content-Length", 0))
        fields = parse_qs(self.rfile.read(size).decode())
        name = fields.get("username", [""])[0]
        if self.path != "/token" or ACCOUNTS.get(name) != fields.get("password", [""])[0]:
            self.answer(401, {"detail": "wrong name or password"})
            return
        basket = encoded(os.urandom(12))
        BASKETS[basket] = []
        self.answer(200, {"user": {"access_token": token_for(name)}}, basket)

    def do_GET(self):
        if self.path == "/account":
            kind, _, token = self.headers.get("Authorization", "").partition(" ")
            allowed = kind == "Bearer" and is_valid(token)
        else:
            cookie = self.headers.get("Cookie", "")
            allowed = cookie.partition("basket=")[2] in BASKETS
        self.answer(*((200, {"path": self.path}) if allowed else (403, {"detail": "log in"})))

    def answer(self, status, content, basket=None):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if basket is not None:
            self.send_header("Set-Cookie", f"basket={basket}; HttpOnly; Path=/")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Shop).serve_forever()
