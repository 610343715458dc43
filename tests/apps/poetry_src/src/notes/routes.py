from fastapi import APIRouter

api = APIRouter(prefix="/v1")


@api.get("/notes")
def notes() -> list[str]:
    return ["one"]
