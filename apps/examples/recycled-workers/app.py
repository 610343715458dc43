"""An app that keeps a little of each request, in a worker that is replaced in time."""

KEPT = []


def app(_, start_response):
    KEPT.append(bytearray(20_000))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % len(KEPT)]
