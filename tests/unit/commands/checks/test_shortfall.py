"""What a guess that answers in part still lacks."""

from lab.app.guess.asking import Answer, TriedRequests
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess, Guessed, GuessedRequest
from lab.app.guess.mend import mended
from lab.commands.checks.shortfall import shortfall

FOLDER = Folder({"shop.py": "", "init_db.py": "Base.metadata.create_all(engine)\n"})
GUESS = Guess((Guessed("command", "python shop.py", ""), Guessed("requirements", ["psycopg2"], "")))
HOME, ABOUT = (GuessedRequest({"path": path}, "a route of shop.py") for path in ("/", "/about"))
NO_TABLE = "sqlite3.OperationalError: no such table: post"


class RunningApp:
    """Has a log."""

    def __init__(self, said: str) -> None:
        self.said = said

    def log(self) -> str:
        return self.said


def lacks(guess: Guess, status: int, said: str = NO_TABLE) -> bool:
    asked = TriedRequests(kept=[ABOUT], others=[(HOME, Answer(status))])
    failure = shortfall(guess, FOLDER, RunningApp(said), asked)  # type: ignore[arg-type]
    if failure is None:
        return False
    better = mended(guess, failure, FOLDER)
    assert better is not None
    assert better.value("prepare") == "python init_db.py"
    return True


def test_a_route_that_fails_for_want_of_tables_asks_for_them() -> None:
    assert lacks(GUESS, 500)


def test_other_faults_of_one_route_are_left_out_as_before() -> None:
    assert not lacks(GUESS, 404)
    assert not lacks(GUESS, 500, "ValueError: no")


def test_tables_that_could_not_be_made_are_not_asked_for_again() -> None:
    tried = GUESS.noting("prepare = 'python init_db.py': init_db.py makes the tables")
    assert not lacks(tried, 500)
