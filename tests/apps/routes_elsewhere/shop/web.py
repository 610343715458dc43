from . import app, views

__all__ = ["app", "views"]
