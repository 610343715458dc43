from wsgiref.simple_server import make_server

import falcon


class Things:
    def on_get(self, request, response):
        response.media = {"things": []}


app = falcon.App()
app.add_route("/things", Things())

if __name__ == "__main__":
    with make_server("", 8000, app) as server:
        server.serve_forever()
