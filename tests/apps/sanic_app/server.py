from sanic import Blueprint, Sanic
from sanic.response import json

app = Sanic("Shop")
bp = Blueprint("things", url_prefix="/things")


@bp.get("/all")
async def things(request):
    return json({"things": []})


app.blueprint(bp)

if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)
