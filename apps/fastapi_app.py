"""FastAPI: /sync/<workload> runs in the thread pool, /async/<workload> on the loop."""

import probe
from fastapi import FastAPI
from workloads import WORKLOADS

app = FastAPI()


def sync_endpoint(workload):
    def endpoint():
        return {"done": workload()}

    return endpoint


def async_endpoint(workload):
    async def endpoint():
        return {"done": workload()}

    return endpoint


for name, workload in WORKLOADS.items():
    app.get("/sync/" + name)(sync_endpoint(workload))
    app.get("/async/" + name)(async_endpoint(workload))


@app.get("/health")
async def health():
    return {"ready": True}


probe.start()
