from fastapi import FastAPI, Form

from app.config import settings

app = FastAPI()


@app.get("/about")
def about():
    return {"name": settings.app_name, "size": settings.page_size}


@app.post("/contact")
def contact(text: str = Form()):
    return {"length": len(text)}
