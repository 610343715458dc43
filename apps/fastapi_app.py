"""FastAPI: /sync/<workload> in the framework's threads, /async/<workload> on the loop, and one
pool of the app's own behind /executor/<workload> and /processes/<workload>."""

import pools
import startup
import workloads
from fastapi import FastAPI

framework = FastAPI()


def sync_endpoint(name):
    def endpoint():
        return {"done": workloads.run(name)}

    return endpoint


def awaited_endpoint(awaited, name):
    async def endpoint():
        return {"done": await awaited(name)}

    return endpoint


def add_routes(name):
    framework.get("/sync/" + name)(sync_endpoint(name))
    for endpoint, awaited in pools.AWAITED.items():
        framework.get("/" + endpoint + "/" + name)(awaited_endpoint(awaited, name))


def add_uploads(name):
    """POST of a file in a form, which is read before the workload runs."""
    from fastapi import File, UploadFile

    @framework.post("/sync/" + name)
    def upload(file: UploadFile = File(...)):  # noqa: B008
        return {"read": len(file.file.read()), "done": workloads.run(name)}

    @framework.post("/async/" + name)
    async def async_upload(file: UploadFile = File(...)):  # noqa: B008
        return {"read": len(await file.read()), "done": workloads.run(name)}


for name in workloads.served():
    add_routes(name)
    if name == "strings":
        add_uploads(name)


@framework.get("/health")
async def health():
    return {"ready": True}


app = startup.at_startup(framework)
