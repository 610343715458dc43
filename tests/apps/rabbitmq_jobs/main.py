import os
from contextlib import asynccontextmanager

import aio_pika
from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app):
    async with await aio_pika.connect_robust(os.environ["BROKER_URL"]) as connection:
        app.state.channel = await connection.channel()
        app.state.jobs = await app.state.channel.declare_queue("jobs")
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/jobs")
async def jobs():
    message = aio_pika.Message(b"one more")
    await app.state.channel.default_exchange.publish(message, routing_key="jobs")
    taken = await app.state.jobs.get(no_ack=True, fail=False)
    return {"taken": taken is not None}
