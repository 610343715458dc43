"""A guess that failed, and the next one."""

from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guess, Guessed
from lab.app.guess.mend import mended

FOLDER = Folder(
    {"requirements.txt": "flask\npsycopg2==2.9 # why\n", "pyproject.toml": 'django-zeal = "*"\n'}
)
OTHER = Guessed("command", "python other.py", "other.py serves")
GUESS = Guess(
    keys=(Guessed("requirements", ["flask"], "x"), Guessed("command", "python app.py", "y")),
    commands=(OTHER,),
    pythons=("3.11", "3.8"),
    local=frozenset({"shop"}),
)


def next_guess(said: str, kind: FailureKind = FailureKind.DIED, found: Guess = GUESS) -> Guess:
    better = mended(found, Failure(kind, said, (8080,)), FOLDER)
    assert better is not None
    return better
