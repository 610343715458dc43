import os

from fastapi import FastAPI

app = FastAPI()
MODE = os.environ["SHOP_MODE"]


@app.get("/mode")
def mode():
    return MODE
