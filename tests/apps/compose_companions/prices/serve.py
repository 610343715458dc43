import http.server
import pathlib

PRICES = pathlib.Path("/etc/prices/list.json").read_bytes()
pathlib.Path("/cache/started").touch()


class Prices(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PRICES)))
        self.end_headers()
        self.wfile.write(PRICES)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", 8000), Prices).serve_forever()
