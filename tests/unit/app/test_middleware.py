"""The middleware that an app's source registers."""

from pathlib import Path

import pytest
from lab.app.middleware import registered

ALL = dict.fromkeys(("starlette", "fastapi", "flask", "django", "aiohttp"), "1.0")


def names_in(folder: Path, source: str, **installed: str) -> tuple[str, ...]:
    (folder / "app.py").write_text(source, encoding="utf-8")
    return registered(folder, installed or ALL)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("from shop import Timing\napp.add_middleware(Timing, slow=3)\n", ("Timing",)),
        ('@app.middleware("http")\nasync def timed(request, call_next): ...\n', ("timed",)),
        (
            "from fastapi import FastAPI\nfrom starlette.middleware import Middleware\n"
            "app = FastAPI(middleware=[Middleware(Timing), Middleware(Naming)])\n",
            ("Timing", "Naming"),
        ),
        ("from fastapi import FastAPI\napp = FastAPI(middleware=STACK)\n", ("STACK",)),
        ("@app.before_request\ndef opened(): ...\n", ("opened",)),
        ("@bp.after_app_request\ndef marked(response): ...\n", ("marked",)),
        ("app.teardown_request(closed)\n", ("closed",)),
        ("app.wsgi_app = ProxyFix(app.wsgi_app)\n", ("ProxyFix",)),
        ('MIDDLEWARE = ["django.middleware.a.A", "shop.timed"]\n', ("shop.timed",)),
        ('MIDDLEWARE = ["django.middleware.a.A"]\n', ("django.middleware.a.A",)),
        ('MIDDLEWARE += ["shop.timed; rm", "shop.named"]\n', ("shop.named",)),
        ("app.middleware = 3\napp.router.add_get('/', index)\n", ()),
        ("web.Application(middlewares=[timed])\n", ()),
        (
            "from aiohttp import web\nimport session\n"
            "app = web.Application(middlewares=[timed, session.kept(STORE)])\n",
            ("timed", "kept"),
        ),
        ("app.middlewares.append(timed)\n", ("timed",)),
        ("app.middlewares.insert(0, timed)\napp.middlewares.insert(0)\n", ("timed",)),
        ("app.middlewares.extend([timed, named])\nothers.append(timed)\n", ("timed", "named")),
    ],
)
def test_what_a_source_registers(tmp_path: Path, source: str, names: tuple[str, ...]) -> None:
    assert names_in(tmp_path, source) == names


def test_a_framework_that_is_not_installed_registers_nothing(tmp_path: Path) -> None:
    assert names_in(tmp_path, "app.add_middleware(Timing)\n", flask="3.0") == ()


def test_quart_registers_in_flasks_words_what_flask_never_calls(tmp_path: Path) -> None:
    source = "@app.before_request\nasync def opened(): ...\n"

    assert names_in(tmp_path, source, flask="3.0", quart="0.20") == ()
