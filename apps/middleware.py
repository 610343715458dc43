"""The app without the middleware that it registers: each framework is changed as it is imported.

What an app registers with Starlette, FastAPI, Flask or aiohttp is dropped; of Django's setting
MIDDLEWARE the named entries are. The app's own modules never meet this one.
"""

import sys
from collections import defaultdict


class Dropped:
    """An attribute that keeps nothing: what is assigned is dropped, what is read is new."""

    def __init__(self, made):
        self.made = made

    def __get__(self, instance, owner=None):
        return self.made()

    def __set__(self, instance, value):
        pass


class Fixed:
    """A method that nothing takes the place of."""

    def __init__(self, function):
        self.function = function

    def __get__(self, instance, owner=None):
        return self.function.__get__(instance, owner)

    def __set__(self, instance, value):
        pass


def change_starlette(module, names):
    """FastAPI's class is one of Starlette's."""
    app = module.Starlette
    if hasattr(app, "build_middleware_stack"):
        app.user_middleware = Dropped(list)
    else:  # up to 0.12 it is put around the app at once
        app.add_middleware = lambda self, *rest, **named: None


def change_flask(module, names):
    for when in ("before", "after", "teardown"):
        setattr(module.Flask, when + "_request_funcs", Dropped(lambda: defaultdict(list)))
    module.Flask.wsgi_app = Fixed(module.Flask.wsgi_app)


def change_django(module, names):
    load = module.BaseHandler.load_middleware

    def loaded(self, *rest, **named):
        settings = module.settings
        settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each not in names]
        return load(self, *rest, **named)

    module.BaseHandler.load_middleware = loaded


def change_aiohttp(module, names):
    freeze = module.Application.pre_freeze

    def frozen(self):
        if not self.pre_frozen:
            self.middlewares.clear()
        return freeze(self)

    module.Application.pre_freeze = frozen


CHANGES = {
    "aiohttp.web_app": change_aiohttp,
    "starlette.applications": change_starlette,
    "flask.app": change_flask,
    "django.core.handlers.base": change_django,
}
"""By the module that holds the class."""


class Changing:
    """A finder that finds what the others find, and changes a framework's module once it is run."""

    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path=None, target=None):
        if name not in CHANGES:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                self.wrap(spec.loader, CHANGES[name])
                return spec
        return None

    def wrap(self, loader, change):
        execute = loader.exec_module

        def changed(module):
            execute(module)
            change(module, self.names)

        loader.exec_module = changed


def leave_out(names):
    """Nothing; from now on the frameworks that are imported call no middleware of the app.

    names: those of Django's setting that are left out.
    """
    sys.meta_path.insert(0, Changing(frozenset(names)))
