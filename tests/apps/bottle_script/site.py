from bottle import route, run


@route("/hello")
def hello():
    return "hello"


run(host="localhost", port=8081)
