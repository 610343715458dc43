"""Notes in MongoDB: the last hundred of them."""

import os

from fastapi import FastAPI
from motor.motor_asyncio import AsyncIOMotorClient

app = FastAPI()
client = AsyncIOMotorClient(os.environ["MONGO_URL"], serverSelectionTimeoutMS=5000)
notes = client.get_default_database()["notes"]


@app.get("/notes")
async def read():
    number = await notes.count_documents({})
    await notes.replace_one({"_id": number % 100}, {"text": "a note"}, upsert=True)
    return {"notes": number}
