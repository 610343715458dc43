"""From which folder a module is imported, and by which name."""

from lab.app.guess.distributions import DISTRIBUTIONS
from lab.app.guess.folder import REQUIREMENT_FOLDERS, Folder, joined, parent_of, upwards
from lab.app.guess.frameworks import FRAMEWORKS
from lab.app.guess.source import Module

INSTALLED = frozenset({*FRAMEWORKS, *DISTRIBUTIONS, "gunicorn", "uvicorn", "celery", "redis"})
"""What a folder without `__init__.py` may be called without being meant by an import."""
MARKS = (
    r"pyproject\.toml|requirements.*\.txt|setup\.(py|cfg)|pipfile|procfile|dockerfile|manage\.py"
)
"""Files that stand at the top of a project."""


def import_root(folder: Folder, module: Module) -> str:
    """The folder that must be on Python's path, by what the module imports; "" is the top.

    What it imports of its own project says it best; else the top of its package.
    """
    here = parent_of(module.path)
    package = top_of_package(folder, module)
    for where in upwards(here):
        if where == here and module.is_relative:
            continue
        if any(is_local(folder, where, name) for name in local_candidates(module)):
            return where
    if package != here or is_package(folder, here):
        return package
    neighbours = [m for m in folder.modules if parent_of(m.path) == here and m is not module]
    for each in neighbours:
        if any(is_local(folder, package, name) for name in local_candidates(each)):
            return package
    return project_root(folder, here) if module.is_relative else here


def local_candidates(module: Module) -> list[str]:
    return sorted(module.imports - {module.path.rpartition("/")[2].removesuffix(".py")})


def top_of_package(folder: Folder, module: Module) -> str:
    """The folder above the outermost package that the module is in."""
    where = parent_of(module.path)
    while where and is_package(folder, where):
        where = parent_of(where)
    return where


def is_package(folder: Folder, where: str) -> bool:
    return joined(where, "__init__.py") in folder.files


def is_local(folder: Folder, where: str, name: str) -> bool:
    """Whether a name is a module or a folder of Python files there."""
    if joined(where, f"{name}.py") in folder.files or is_package(folder, joined(where, name)):
        return True
    return joined(where, name) in folder.python_folders and name not in INSTALLED


def project_root(folder: Folder, where: str) -> str:
    """The nearest folder with a file that marks a project; else the top."""
    return next((up for up in upwards(where) if is_project(folder, up)), "")


def is_project(folder: Folder, where: str) -> bool:
    lists = (folder.inside(joined(where, below), r".*\.(txt|in)") for below in REQUIREMENT_FOLDERS)
    return bool(folder.inside(where, MARKS)) or any(lists)


def import_name(module: Module, root: str) -> str:
    """The module's name when it is imported from that folder, e.g. `shop.web`."""
    path = module.path.removeprefix(f"{root}/") if root else module.path
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def local_names(folder: Folder) -> frozenset[str]:
    """First names of everything that can be imported from somewhere in the folder."""
    stems = {module.path.rpartition("/")[2].removesuffix(".py") for module in folder.modules}
    packages = {where for where in folder.python_folders if is_package(folder, where)}
    named = {where.rpartition("/")[2] for where in folder.python_folders - packages} - INSTALLED
    return frozenset(stems | named | {where.rpartition("/")[2] for where in packages})


def module_at(folder: Folder, full_name: str, near: str) -> Module | None:
    """The module of that name, the nearest to a path; dots lead what is relative to it."""
    level = len(full_name) - len(full_name.lstrip("."))
    name = full_name.lstrip(".").replace(".", "/")
    here = near
    for _ in range(level):
        here = parent_of(here)
    folders = [here] if level else list(upwards(parent_of(near)))
    by_path = {module.path: module for module in folder.modules}
    for where in folders:
        for path in (f"{joined(where, name)}.py", joined(where, name, "__init__.py")):
            if path in by_path:
                return by_path[path]
    if level:
        return None
    ends = (f"/{name}.py", f"/{name}/__init__.py")
    return next((m for m in folder.modules if f"/{m.path}".endswith(ends)), None)
