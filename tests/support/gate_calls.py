"""Calls to the gate: the five that it lets through, and hostile ones."""

from __future__ import annotations

PROJECT = "memlab-gate_test"
VARIANT = f"{PROJECT}-py37-fastapi-sync-1"
OWN = f"/v1.41/containers/{VARIANT}"
STRANGER = "memlab-stranger-py37-fastapi-sync-1"


def call(method: str, target: str, *headers: str, body: str = "", version: str = "1.1") -> bytes:
    lines = [f"{method} {target} HTTP/{version}", "Host: gate", *headers, "", body]
    return "\r\n".join(lines).encode("latin-1")


def get(target: str, *headers: str) -> bytes:
    return call("GET", target, *headers)


def post(target: str, *headers: str, body: str = "") -> bytes:
    return call("POST", target, *headers, body=body)


def own(name: str) -> bytes:
    return post(f"/v1.41/containers/{name}/stop")


OTHER_CALLS = {
    "ping": get("/_ping"),
    "info": get("/v1.41/info"),
    "events": get("/v1.41/events"),
    "disk usage": get("/v1.41/system/df"),
    "list containers": get("/v1.41/containers/json?all=1"),
    "list images": get("/v1.41/images/json"),
    "list volumes": get("/v1.41/volumes"),
    "list networks": get("/v1.41/networks"),
    "plugins": get("/v1.41/plugins"),
    "swarm": get("/v1.41/swarm"),
    "image export": get("/v1.41/images/memlab/get"),
    "export": get(f"{OWN}/export"),
    "archive": get(f"{OWN}/archive?path=/etc"),
    "put archive": call("PUT", f"{OWN}/archive?path=/"),
    "logs": get(f"{OWN}/logs?stdout=1"),
    "top": get(f"{OWN}/top"),
    "changes": get(f"{OWN}/changes"),
    "attach websocket": get(f"{OWN}/attach/ws?stream=1"),
    "attach": post(f"{OWN}/attach?stream=1"),
    "exec": post(f"{OWN}/exec"),
    "exec start": post("/v1.41/exec/0123456789ab/start"),
    "create": post("/v1.41/containers/create?name=x"),
    "kill": post(f"{OWN}/kill"),
    "restart": post(f"{OWN}/restart"),
    "pause": post(f"{OWN}/pause"),
    "update": post(f"{OWN}/update"),
    "rename": post(f"{OWN}/rename?name=x"),
    "resize": post(f"{OWN}/resize?h=1&w=1"),
    "wait": post(f"{OWN}/wait"),
    "remove": call("DELETE", OWN),
    "prune": post("/v1.41/containers/prune"),
    "commit": post(f"/v1.41/commit?container={VARIANT}"),
    "build": post("/v1.41/build"),
    "pull": post("/v1.41/images/create?fromImage=alpine"),
    "create volume": post("/v1.41/volumes/create"),
    "create network": post("/v1.41/networks/create"),
    "swarm init": post("/v1.41/swarm/init"),
    "auth": post("/v1.41/auth"),
    "session": post("/session"),
    "grpc": post("/grpc"),
}
OTHER_CONTAINERS = {
    "another project": own(STRANGER),
    "project with a prefix": own(f"x{VARIANT}"),
    "project as a prefix": own(f"{PROJECT}x-py37-fastapi-sync-1"),
    "a suffix": own(f"{VARIANT}-run"),
    "a second replica": own(f"{PROJECT}-py37-fastapi-sync-2"),
    "an eleventh replica": own(f"{PROJECT}-py37-fastapi-sync-11"),
    "no number": own(f"{PROJECT}-py37-fastapi-sync"),
    "the gate": own(f"{PROJECT}-gate-1"),
    "the driver": own(f"{PROJECT}-driver-1"),
    "the database": own(f"{PROJECT}-postgres-1"),
    "the database of Compose v1": own(f"{PROJECT}_postgres_1"),
    "no stack": own(f"{PROJECT}-py37-1"),
    "no python": own(f"{PROJECT}-py-fastapi-1"),
    "mixed joints": own(f"{PROJECT}_py37-fastapi-sync-1"),
    "upper case": own(VARIANT.upper()),
    "an id": own("0123456789ab"),
    "a whole id": own("0123456789abcdef" * 4),
    "no name": own(""),
    "two names": own(f"{VARIANT}/{VARIANT}"),
}
DISGUISES = {
    "encoded slash": post(f"/v1.41/containers%2f{VARIANT}/stop"),
    "encoded slash in the name": own(f"x%2f..%2f{VARIANT}"),
    "encoded letter": get(f"{OWN}/%6ason"),
    "encoded dots": get(f"{OWN}/%2e%2e/json"),
    "encoded name": own(VARIANT.replace("p", "%70")),
    "encoded question mark": get(f"{OWN}/stats%3fstream=0"),
    "encoded null": own(f"{VARIANT}%00"),
    "encoded line end": own(f"{VARIANT}%0d%0a"),
    "encoded twice": get(f"{OWN}%252fjson"),
    "encoded query": post(f"{OWN}/stop?t=%31"),
    "doubled slash in front": get("//version"),
    "doubled slash": get(f"/v1.41//containers/{VARIANT}/json"),
    "doubled slash at the end": get(f"{OWN}//json"),
    "trailing slash": get(f"{OWN}/json/"),
    "dot segment": get(f"/v1.41/./containers/{VARIANT}/json"),
    "dot segments": get(f"/v1.41/containers/{VARIANT}/../{STRANGER}/json"),
    "dot segments at the end": get("/v1.41/info/../version"),
    "backslash": get(f"/v1.41\\containers\\{VARIANT}\\json"),
    "path parameter": get(f"{OWN};x=1/json"),
    "path parameter at the end": get(f"{OWN}/json;x=1"),
    "fragment": get(f"{OWN}/json#x"),
    "behind another path": post(f"/v1.41/x{OWN}/stop"),
    "absolute form": get("http://gate/version"),
    "absolute form of a stop": post(f"http://gate{OWN}/stop"),
    "absolute form of another host": get("http://docker/version"),
    "asterisk": get("*"),
    "authority form": get("docker:2375"),
    "no slash": get("version"),
    "no version of the interface": get(f"/containers/{VARIANT}/json"),
    "version 2 of the interface": get(f"/v2.0/containers/{VARIANT}/json"),
    "version with letters": get("/v1.x/version"),
    "query on version": get("/version?x=1"),
    "query on inspect": get(f"{OWN}/json?size=1"),
    "query on start": post(f"{OWN}/start?detachKeys=x"),
    "query on stop": post(f"{OWN}/stop?signal=KILL"),
    "more query on stop": post(f"{OWN}/stop?t=1&signal=KILL"),
    "stop in too many digits": post(f"{OWN}/stop?t=1000"),
    "stop below zero": post(f"{OWN}/stop?t=-1"),
    "query on stats": get(f"{OWN}/stats?stream=0&x=1"),
    "stream of another kind": get(f"{OWN}/stats?stream=2"),
    "three flags": get(f"{OWN}/stats?stream=0&stream=1&stream=0"),
    "a long path": get("/v1.41/" + "a" * 8000),
    "a path beyond the buffer": get("/v1.41/" + "a" * 40000),
    "null in the path": get(f"{OWN}\x00/json"),
    "line feed in the path": get(f"{OWN}\n/json"),
    "space in the path": get(f"{OWN} /json"),
    "high byte in the path": get(f"{OWN}\xff/json"),
}
ODD_METHODS = {
    "head": call("HEAD", "/version"),
    "put": call("PUT", f"{OWN}/stop"),
    "delete": call("DELETE", f"{OWN}/stop"),
    "patch": call("PATCH", f"{OWN}/start"),
    "options": call("OPTIONS", f"{OWN}/json"),
    "options asterisk": call("OPTIONS", "*"),
    "trace": call("TRACE", "/version"),
    "connect": call("CONNECT", "docker:2375"),
    "connect to a path": call("CONNECT", "/version"),
    "lower case": call("get", "/version"),
    "unknown": call("GETS", "/version"),
    "start by get": get(f"{OWN}/start"),
    "stop by get": get(f"{OWN}/stop"),
    "version by post": post("/version"),
    "inspect by post": post(f"{OWN}/json"),
    "stats by post": post(f"{OWN}/stats"),
}
HIDDEN = get("/v1.41/info").decode()
WEBSOCKET_KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
CHUNKED = "Transfer-Encoding: chunked"
SMUGGLED = {
    "body on start": post(f"{OWN}/start", "Content-Length: 2", body="{}"),
    "body on get": get("/version", f"Content-Length: {len(HIDDEN)}") + HIDDEN.encode(),
    "chunked": post(f"{OWN}/start", CHUNKED, body="0\r\n\r\n"),
    "chunked get": get("/version", CHUNKED) + b"0\r\n\r\n" + HIDDEN.encode(),
    "length and chunked": post(f"{OWN}/stop", "Content-Length: 0", CHUNKED, body="0\r\n\r\n"),
    "chunked and length": post(f"{OWN}/stop", CHUNKED, "Content-Length: 5", body="0\r\n\r\n"),
    "two lengths": post(f"{OWN}/stop", "Content-Length: 0", "Content-Length: 5", body="GET /"),
    "two equal lengths": post(
        f"{OWN}/stop", "Content-Length: 5", "Content-Length: 5", body="GET /"
    ),
    "list of lengths": post(f"{OWN}/stop", "Content-Length: 0, 5", body="GET /"),
    "length with a sign": post(f"{OWN}/stop", "Content-Length: +5", body="GET /"),
    "length below zero": post(f"{OWN}/stop", "Content-Length: -1"),
    "length in hex": post(f"{OWN}/stop", "Content-Length: 0x5", body="GET /"),
    "length empty": post(f"{OWN}/stop", "Content-Length: ", body="GET /"),
    "length too large": post(f"{OWN}/stop", "Content-Length: 99999999999999999999"),
    "space before the colon": post(f"{OWN}/stop", "Transfer-Encoding : chunked"),
    "folded encoding": post(f"{OWN}/stop", "Transfer-Encoding:", " chunked"),
    "folded length": post(f"{OWN}/stop", "Content-Length:", "\t5", body="GET /"),
    "unknown encoding": post(f"{OWN}/stop", "Transfer-Encoding: xchunked"),
    "identity": post(f"{OWN}/stop", "Transfer-Encoding: identity"),
    "two encodings": post(f"{OWN}/stop", CHUNKED, "Transfer-Encoding: identity"),
    "line feed in a header": get("/version", "X: 1\n" + CHUNKED),
    "null in a header": get("/version", "X: a\x00b"),
    "bare return in a header": get("/version", "X: a\rContent-Length: 5"),
    "space in a header's name": get("/version", "X Y: 1"),
    "header without a colon": get("/version", "GET /v1.41/info HTTP/1.1"),
    "header beyond the buffer": get("/version", "X: " + "a" * 40000),
    "websocket": get(f"{OWN}/json", "Connection: Upgrade", "Upgrade: websocket", WEBSOCKET_KEY),
    "websocket without a key": get(f"{OWN}/json", "Connection: Upgrade", "Upgrade: websocket"),
    "tcp upgrade": post(f"{OWN}/start", "Connection: Upgrade", "Upgrade: tcp"),
    "h2c upgrade": get("/version", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"),
    "upgrade among others": get("/version", "Connection: close, upgrade", "Upgrade: tcp"),
    "upgrade without connection": get("/version", "Upgrade: tcp"),
    "connection without upgrade": get("/version", "Connection: upgrade"),
    "http 2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "http 1.0": call("GET", "/version", version="1.0"),
    "http 0.9": b"GET /version\r\n\r\n",
    "http 1.2": call("GET", "/version", version="1.2"),
    "http 3.0": call("GET", "/version", version="3.0"),
    "lower case protocol": get("/version").replace(b"HTTP", b"http"),
}
HOSTILE = OTHER_CALLS | OTHER_CONTAINERS | DISGUISES | ODD_METHODS | SMUGGLED
ALLOWED = [
    "GET /version",
    "GET /v1.41/version",
    f"GET {OWN}/json",
    f"GET {OWN}/stats",
    f"GET {OWN}/stats?stream=False",
    f"GET {OWN}/stats?stream=0&one-shot=true",
    f"GET /v1.24/containers/{PROJECT}_py310-flask_1/json",
    f"GET /v1.24/containers/{PROJECT}_own-shop-one-arena_1/json",
    f"GET /v1.41/containers/{PROJECT}-own-shop-1/json",
    f"POST {OWN}/start",
    f"POST {OWN}/stop",
    f"POST {OWN}/stop?t=10",
]
