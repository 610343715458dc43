"""An app without its middleware, in a real interpreter, with frameworks in small."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

STARLETTE = """
class Starlette:
    def __init__(self, middleware=None):
        self.user_middleware = list(middleware or ())
    def add_middleware(self, made):
        self.user_middleware.insert(0, made)
    def build_middleware_stack(self):
        return list(self.user_middleware)
"""
EARLY_STARLETTE = """
class Starlette:
    stack = ()
    def add_middleware(self, made):
        self.stack = (made, *self.stack)
    def called(self):
        return list(self.stack)
"""
FLASK = """
class Flask:
    def __init__(self):
        self.before_request_funcs = {}
    def before_request(self, function):
        self.before_request_funcs.setdefault(None, []).append(function)
    def wsgi_app(self, start):
        return self.before_request_funcs.get(None, []) + ["served"]
    def __call__(self, start):
        return self.wsgi_app(start)
"""
DJANGO = """
class Settings: MIDDLEWARE = ["own.a", "shop.timed"]
settings = Settings()
class BaseHandler:
    def load_middleware(self, is_async=False):
        return list(settings.MIDDLEWARE)
"""
AIOHTTP = """
class Application:
    pre_frozen = False
    def __init__(self, middlewares=()):
        self.middlewares = list(middlewares)
    def pre_freeze(self):
        self.pre_frozen = True
        self.called = tuple(self.middlewares)
"""
APPS = {
    "starlette": (
        ("starlette.applications", STARLETTE),
        "app = Starlette(['a'])\napp.add_middleware('b')\nprint(app.build_middleware_stack())",
        ("['b', 'a']", "[]"),
    ),
    "starlette 0.12": (
        ("starlette.applications", EARLY_STARLETTE),
        "app = Starlette()\napp.add_middleware('b')\nprint(app.called())",
        ("['b']", "[]"),
    ),
    "flask": (
        ("flask.app", FLASK),
        "app = Flask()\napp.before_request('a')\ninner = app.wsgi_app\n"
        "app.wsgi_app = lambda start: ['around', *inner(start)]\nprint(app(None))",
        ("['around', 'a', 'served']", "['served']"),
    ),
    "aiohttp": (
        ("aiohttp.web_app", AIOHTTP),
        "app = Application(['a'])\napp.middlewares.append('b')\napp.pre_freeze()\n"
        "app.pre_freeze()\nprint(app.called)",
        ("('a', 'b')", "()"),
    ),
    "django": (
        ("django.core.handlers.base", DJANGO),
        "print(BaseHandler().load_middleware())",
        ("['own.a', 'shop.timed']", "['own.a']"),
    ),
}


def said(folder: Path, name: str, left_out: str) -> str:
    (module, source), program, _ = APPS[name]
    file = folder.joinpath(*module.split(".")).with_suffix(".py")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(source, encoding="utf-8")
    python_path = os.pathsep.join((str(ROOT / "apps" / "outside"), str(folder)))
    environment = {**os.environ, "PYTHONPATH": python_path, "LAB_NO_MIDDLEWARE": left_out}
    words = [sys.executable, "-c", f"from {module} import *\n{program}"]
    ran = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


@pytest.mark.parametrize("name", APPS)
def test_what_a_framework_calls_with_its_middleware_and_without(tmp_path: Path, name: str) -> None:
    with_it, without = APPS[name][2]

    assert said(tmp_path, name, "") == with_it
    assert said(tmp_path, name, "shop.timed") == without
