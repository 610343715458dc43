"""What makes the tables that a started app did not find."""

import pytest
from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.tables_missing import with_tables

SAID = 'UndefinedTableError: relation "question" does not exist'
COMMAND = Guessed("command", "python -m flask --app shop:create_app run", "")


def prepares(said: str = SAID, **files: str) -> list[str]:
    folder = Folder({name.replace("__", "/") + ".py": text for name, text in files.items()})
    failure = Failure(FailureKind.REFUSED, said)
    return [each.value("prepare") for each in with_tables(Guess((COMMAND,)), failure, folder)]


def test_the_projects_own_program_comes_first() -> None:
    files = {"init_db": "Base.metadata.create_all(e)", "tools__seed": "print('CREATE TABLE x')"}
    assert prepares(**files) == ["python init_db.py", "cd tools && python seed.py"]


def test_a_program_that_makes_none_is_left_out() -> None:
    assert prepares(seed="print(1)") == []


def test_a_function_that_nobody_calls_makes_them() -> None:
    text = "def create_tables():\n    db.create_tables([User])\n"
    text += "def create_all(x):\n    x.create_all()\n"
    (line,) = prepares(site__web=text, site__init_db="def init_db():\n    pass\n")
    assert line.startswith("cd site && python -c ")
    assert "import_module('web')" in line
    assert line.endswith('m.create_tables()"')


def test_flask_makes_its_own_in_the_context_of_the_app() -> None:
    (line,) = prepares(shop="from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()")
    assert "m.create_app(); app.app_context().push()" in line


def test_a_declarative_base_makes_its_own_on_the_projects_engine() -> None:
    (line,) = prepares(
        db="engine = create_engine('x')\nBase = declarative_base()",
        models="class A(Base):\n    __tablename__ = 'a'\n",
    )
    assert "import models; from db import Base as B; from db import engine as e" in line


@pytest.mark.parametrize("said", ["boom", "KeyError: 'table'"])
def test_other_failures_need_no_tables(said: str) -> None:
    assert prepares(said, init_db="create_all()") == []


def test_a_paste_file_names_the_database_and_a_script_fills_it() -> None:
    files = {
        "production.ini": "[app:main]\nuse = egg:shop\nsqlalchemy.url = sqlite:///x\n",
        "pyproject.toml": '[project.scripts]\ninitialize_shop_db = "shop.scripts:main"\n',
        "shop/meta.py": "class Base(DeclarativeBase):\n    pass\n",
        "shop/page.py": "class A(Base):\n    __tablename__ = 'a'\n",
    }
    served = Guess((Guessed("command", "gunicorn --paste production.ini", ""),))
    failure = Failure(FailureKind.REFUSED, "no such table: pages")
    filled, made = [each.value("prepare") for each in with_tables(served, failure, Folder(files))]
    assert "import shop.page; from shop.meta import Base as B" in made
    assert "s('production.ini')" in made
    assert filled == f"{made} && initialize_shop_db production.ini"
    files["production.ini"] = "[app:main]\nuse = egg:shop\n"
    assert list(with_tables(served, failure, Folder(files))) == []
