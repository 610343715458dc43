"""Settings for development take the place of a set that does not serve."""

import pytest
from builders.next_guesses import GUESS
from lab.app.guess.failures import Failure, FailureKind
from lab.app.guess.folder import Folder
from lab.app.guess.guess_records import Guessed
from lab.app.guess.mend import mended


@pytest.mark.parametrize(
    ("text", "given", "changed"),
    [
        ("config = {'development': 1, 'docker': 2}", "docker", "development"),
        ("class ProductionConfig: ...\nclass DevConfig: ...", "a.ProductionConfig", "a.DevConfig"),
    ],
)
def test_settings_for_development_take_the_place_of_a_set_that_does_not_serve(
    text: str, given: str, changed: str
) -> None:
    guess = GUESS.having(Guessed("environment", {"APP_CONFIG": given, "KEY": "docker"}, "z"))
    folder = Folder({"config.py": text})
    better = mended(guess, Failure(FailureKind.ABSENT, ""), folder)
    assert better is not None
    assert better.value("environment") == {"APP_CONFIG": changed, "KEY": "docker"}
    again = mended(better, Failure(FailureKind.ABSENT, ""), folder)
    assert again is not None
    assert again.value("command") == "python other.py"


def test_a_module_of_settings_is_known_by_its_file() -> None:
    name = "DJANGO_SETTINGS_MODULE"
    guess = GUESS.having(Guessed("environment", {name: "shop.settings.production"}, "z"))
    failed = Failure(FailureKind.DIED, "boom")
    better = mended(guess, failed, Folder({"shop/settings/local.py": "", "a.py": ""}))
    assert better is not None
    assert better.value("environment") == {name: "shop.settings.local"}
    other = mended(guess, failed, Folder({"shop/settings/base.py": "", "a.py": ""}))
    assert other is not None
    assert other.value("command") == "python other.py"


def test_flasks_debug_flag_chooses_settings_where_the_code_asks_for_it() -> None:
    folder = Folder({"a.py": "from flask.helpers import get_debug_flag\nC = get_debug_flag()\n"})
    better = mended(GUESS, Failure(FailureKind.REFUSED, "boom"), folder)
    assert better is not None
    assert better.value("environment") == {"FLASK_DEBUG": "1", "FLASK_ENV": "development"}
    assert mended(better, Failure(FailureKind.REFUSED, "boom"), folder) is None
