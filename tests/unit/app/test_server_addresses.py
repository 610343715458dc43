"""The servers beside an app: what is asked for, and what of the environment is led to them."""

from pathlib import Path
from typing import Any

import pytest
from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.mend import mended
from lab.app.guess.program_text import without_words
from lab.app.guess.server_needs import services, stated_names, texts
from lab.app.server_addresses import (
    check_elsewhere,
    merged_by_kind,
    pointed,
    service_of,
    with_names_in,
)
from lab.app.services import services as variants_of
from lab.app.spec import AppSpec
from lab.engines.server_recipes import RECIPES
from lab.errors import UsageError
from lab.records.app_services import ServiceAsked, ServiceKind

BOTH = (ServiceAsked(ServiceKind.POSTGRES), ServiceAsked(ServiceKind.REDIS))
HERE = "127.90.1.2"


@pytest.mark.parametrize(
    ("name", "value", "led"),
    [
        (
            "DATABASE_URL",
            "postgresql+asyncpg://u:p@db/x",
            f"postgresql+asyncpg://u:p@{HERE}:5432/x",
        ),
        ("DATABASE_URL", "postgres://db.example.com:6000/x?a=1", f"postgres://{HERE}:5432/x?a=1"),
        ("CELERY_BROKER_URL", "redis://localhost:6379/0", f"redis://{HERE}:6379/0"),
        ("CACHE_HOST", "cache", HERE),
        ("DB_HOST", "localhost", HERE),
        ("POSTGRES_SERVER", "db", HERE),
        ("DB_PORT", "5433", "5432"),
        ("DB_NAME", "db", "db"),
        ("API_URL", "https://example.com/x", "https://example.com/x"),
        ("HOST_NAME", "localhost", "localhost"),
        ("MYSQL_HOST", "localhost", "localhost"),
    ],
)
def test_what_names_a_server_is_led_to_the_labs(name: str, value: str, led: str) -> None:
    assert pointed({name: value}, BOTH, HERE) == {name: led}


@pytest.mark.parametrize(
    "url",
    [
        "mongodb://keeper:p%40ss@store:27017/notes?w=1",
        "mongodb+srv://keeper@cluster0/notes?w=1",
        "mongodb://localhost/notes?w=1",
    ],
)
def test_a_url_of_mongodb_has_no_user_and_no_domain(url: str) -> None:
    asked = (ServiceAsked(ServiceKind.MONGODB),)

    led = pointed({"MONGO_URL": url}, asked, HERE)

    assert led == {"MONGO_URL": f"mongodb://{HERE}:27017/notes?w=1"}


def test_without_servers_nothing_is_led() -> None:
    assert pointed({"DB_HOST": "db"}, (), HERE) == {"DB_HOST": "db"}


def test_a_text_is_a_kind_or_a_url_with_names() -> None:
    assert service_of("postgres") == ServiceAsked(ServiceKind.POSTGRES)
    assert service_of("postgres://shop:pw@store/visits") == ServiceAsked(
        ServiceKind.POSTGRES, ("shop",), ("pw",), ("visits",), ("store",)
    )
    for wrong in ("oracle", "http://x"):
        with pytest.raises(ValueError, match=wrong):
            service_of(wrong)


def test_what_stands_for_a_password_is_none() -> None:
    assert service_of("redis://:${PASSWORD:-x}@queue/0").passwords == ()
    assert service_of("postgres://{user}@db/shop").users == ()


def test_names_of_the_environment_are_known_to_the_server() -> None:
    given = {"POSTGRES_USER": "a", "POSTGRES_DB": "b", "REDIS_PASSWORD": "c"}
    postgres, redis = with_names_in(BOTH, given)
    assert (postgres.users, postgres.databases) == (("a",), ("b",))
    assert redis.passwords == ("c",)


def test_one_server_of_a_kind_has_the_names_of_all() -> None:
    (found,) = merged_by_kind([service_of("postgres://a@/x"), service_of("postgresql://b@/y")])
    assert (found.users, found.databases) == (("a", "b"), ("x", "y"))


def test_texts_are_read_as_they_were_written() -> None:
    asked = ServiceAsked(ServiceKind.POSTGRES, ("a", "b"), ("pw",), ("x",), ("store",))
    assert merged_by_kind(service_of(text) for text in texts((asked,))) == (asked,)


def test_the_database_of_someone_else_is_refused_unless_it_is_allowed() -> None:
    given = {"DATABASE_URL": "postgres://u:p@db.example.com/x"}
    with pytest.raises(
        UsageError, match=r"names postgres on db\.example\.com, which the lab's load"
    ):
        check_elsewhere(given, (), (), "lab.toml")
    check_elsewhere(given, (), ("db.example.com",), "lab.toml")
    check_elsewhere(given, BOTH, (), "lab.toml")


def test_the_variants_are_led_by_their_engine() -> None:
    spec = AppSpec(
        Path("/a/lab.toml"),
        "a",
        command="x",
        environment={"URL": "redis://:a$b@cache/0"},
        services=BOTH,
    )
    (variant,) = (
        variants_of(spec, (), None).values()
        if not spec.probes
        else [variants_of(spec, (), None)["own-a"]]
    )
    assert variant["environment"]["URL"] == "redis://:a$$b@${LAB_BESIDE_AT:-127.0.0.1}:6379/0"


COMPOSE = """
services:
  web: {build: ., environment: [MODE=x]}
  store:
    image: postgis/postgis:16
    environment: {POSTGRES_USER: shop, POSTGRES_DB: "${DB:-all}"}
  admin: {image: dpage/pgadmin4}
  cache: {image: "redis:7"}
"""


def test_a_compose_file_says_what_runs_beside() -> None:
    by_name = services(Folder({"compose.yaml": COMPOSE}), "", {})
    assert by_name is not None
    assert by_name.value == ["postgres://shop@store/all", "redis://cache"]
    assert by_name.why == "services of compose.yaml"


def test_without_a_word_of_one_there_is_none() -> None:
    assert services(Folder({"app.py": "import psycopg2"}), "", {"DEBUG": "1"}) is None


def test_names_stand_in_the_files_that_speak_of_the_server() -> None:
    settings = """DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("DB_NAME", "polls"), "USER": "ann", "PASSWORD": "secret"}}"""
    found = stated_names(
        Folder({"settings.py": settings, "other.py": "name = 'x'"}), ServiceKind.POSTGRES
    )
    assert found is not None
    assert found.users == ("ann",)
    assert "polls" in found.databases
    assert not {"x", "secret"} & {*found.databases, *found.users}


def mend(said: str, *keys: Guessed, kind: FailureKind = FailureKind.DIED, **files: str) -> Any:
    better = mended(Guess(keys=keys), Failure(kind, said), Folder(files))
    return better and better.value("services")


def test_a_server_that_it_could_not_reach_is_the_next_guess() -> None:
    said = (
        "redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused"
    )
    assert mend(said) == ["redis"]


def test_what_says_nothing_and_never_answers_needs_what_its_packages_speak_to() -> None:
    needs = Guessed("requirements", ["flask", "pymongo"], "")
    assert mend("", needs, kind=FailureKind.NEVER_READY) == ["mongodb"]


def test_a_name_that_the_server_does_not_know_is_added() -> None:
    given = Guessed("services", ["postgres"], "")
    assert mend('FATAL: role "ann" does not exist', given) == ["postgres", "postgres://ann@"]


def test_a_server_that_cannot_be_had_is_left_out_and_not_tried_again() -> None:
    given = Guessed("services", ["mongodb", "redis"], "")
    failure = Failure(FailureKind.SERVICE, "mongodb: it needs mongodb")
    better = mended(Guess(keys=(given,)), failure, Folder({}))
    assert better is not None
    assert better.value("services") == ["redis"]
    silent = Failure(FailureKind.DIED, "pymongo ServerSelectionTimeoutError: connection refused")
    assert mended(better, silent, Folder({})) is None


def test_names_that_its_own_preparation_makes_are_left_to_it() -> None:
    given = Guessed("services", ["postgres://ann@/x"], "")
    prepare = Guessed("prepare", "python init_db.py", "")
    said = 'DuplicateObjectError: role "ann" already exists'
    assert mend(said, given, prepare, kind=FailureKind.PREPARE) == ["postgres"]


PROGRAM = '''"""Talks to postgres.

A database, "such" as this: postgres://pass@ or postgres:///such
"""
import psycopg2  # user = "comment" of postgres:///more
NAME = "not a database"
DB_NAME = "polls"
def ask():
    """The database: "inner"."""
    return psycopg2.connect(dbname="polls", user="ann")
'''


def test_words_of_comments_and_documentation_name_no_database() -> None:
    variables = "# postgres: the user: nobody\nDB_USER=bob\ndatabase, such as x\n"
    page = "Our postgres database: 'shown' at postgres:///page"
    files = {"app.py": PROGRAM, "shop.env": variables, "page.html": page, "a.md": page}
    files["b.env"] = "DB_USER=eve\n"
    found = stated_names(Folder(files), ServiceKind.POSTGRES)
    assert found is not None
    assert found.users == ("ann",)
    assert found.databases == ("polls",)
    files["shop.env"] += "DATABASE_URL=postgres://bob@db/shop\n"
    found = stated_names(Folder(files), ServiceKind.POSTGRES)
    assert found is not None
    assert set(found.users) == {"ann", "bob"}
    assert set(found.databases) == {"polls", "shop"}


def test_code_is_left_where_its_words_are_taken_out() -> None:
    assert without_words("x = (") == "x = ("
    left = without_words("def f():\n  'doc'\n  return 'kept' # gone\n")
    assert left.split() == ["def", "f():", "return", "'kept'"]
    left = without_words("x = 1\n'''two\nlines'''\ny = '''three\nlines'''\n")
    assert left.split() == ["x", "=", "1", "y", "=", "'''three", "lines'''"]


def test_a_services_name_and_a_variables_are_no_databases() -> None:
    program = """import psycopg2
NAME = os.getenv("SERVER_NAME", f"{HOST}")
URL = make(db=os.getenv("POSTGRES_DB", DEFAULT), app_name="shown", db_name="orders")
"""
    files = {"a.py": program, "postgres.yml": "name: litestar-app\nPOSTGRES_DB: shop\n"}
    found = stated_names(Folder(files), ServiceKind.POSTGRES)
    assert found is not None
    assert set(found.databases) == {"orders", "shop"}


@pytest.mark.parametrize(
    "url",
    [
        "redis://:%00x@cache",
        "redis://:a%0ab@cache",
        "postgres://a%00b:c%00@db/x",
        "rabbitmq://u%1b:p%00@queue/v",
    ],
)
def test_names_with_signs_that_no_program_can_be_given_are_none(url: str) -> None:
    asked = service_of(url)
    words = RECIPES[asked.kind].command(asked, "/folder", "127.0.0.1")
    steps = RECIPES[asked.kind].make(asked, "/folder")

    assert asked.users == asked.passwords == ()
    assert all(word.isprintable() for word in [*words, *(w for s in steps for w in s.words)])
    (named,) = with_names_in([ServiceAsked(asked.kind)], {"URL": url, "REDIS_PASSWORD": "a\nb"})
    assert (named.users, named.passwords) == ((), ())
