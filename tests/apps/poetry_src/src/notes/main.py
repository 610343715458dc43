from fastapi import FastAPI

from notes.routes import api

app = FastAPI()
app.include_router(api, prefix="/api")
