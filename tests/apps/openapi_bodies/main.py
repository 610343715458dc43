from fastapi import FastAPI, Query
from pydantic import BaseModel, EmailStr, Field

app = FastAPI()
PEOPLE = {}


class Person(BaseModel):
    name: str = Field(min_length=3)
    email: EmailStr
    age: int = Field(ge=18)


@app.post("/people", status_code=201)
def add(person: Person):
    PEOPLE[len(PEOPLE) % 100 + 1] = person
    return {"number": len(PEOPLE)}


@app.get("/people/{number}")
def read(number: int):
    return PEOPLE[number]


@app.get("/search")
def search(text: str = Query(min_length=2)):
    return [text]
