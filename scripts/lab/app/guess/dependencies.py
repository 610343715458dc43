"""What must be installed for an app, by what its project states, else by what it imports."""

import ast
import configparser
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lab.app.guess import poetry
from lab.app.guess.distributions import distribution_of, distributions
from lab.app.guess.folder import REQUIREMENT_FOLDERS, Folder, joined, upwards
from lab.app.guess.guess_records import Guessed
from lab.app.guess.image_installs import installed_by_name
from lab.app.guess.layout import local_names
from lab.app.guess.locks import name_in, normal, pinned_versions
from lab.app.guess.namespaces import SHARED, packages_of
from lab.app.guess.pipfile import LOCK, from_pipfile, with_lock
from lab.app.guess.pythons import table

FILES = ("requirements", "base", "common", "main", "prod", "production", "dev", "local")
"""The first of several in a folder is read; what it leaves out, a failed start names."""
USED_GROUPS = frozenset(
    {"main", "prod", "production", "server", "web", "app", "api", "deploy", "standard", "all"}
)
NAMED_FILE = re.compile(r"\s*(?:-r|--requirement)[ =]*(\S+)")
MOST_REQUIREMENT_FILES = 50
"""Files with requirements that name each other."""
Toml = Callable[[str], Mapping[str, Any]]
"""A file's table by its name in the folder; empty where it is none."""


def requirements(folder: Folder, project: str, toml: Toml) -> Guessed | None:
    """The nearest statement, else its imports; and what its Dockerfile installs by name."""
    listed, file = installed_by_name(folder, project)
    statement = stated_somewhere(folder, project, toml)
    named = {name_in(each) for each in listed}
    if statement is None and (imported := from_imports(folder, project)):
        unpinned = [each for each in own_lines(imported) if name_in(each) not in named]
        if not listed:
            return imported
        return Guessed("requirements", [*listed, *unpinned], f"pip install of {file}, and imports")
    missing = [e for e in listed if name_in(e) not in required_names(folder, statement)]
    return with_added(statement, missing, f"pip install of {file}") if missing else statement


def stated_somewhere(folder: Folder, project: str, toml: Toml) -> Guessed | None:
    """The nearest statement, from the project's folder up."""
    for where in upwards(project):
        for statement in (
            with_pyproject(folder, from_file(folder, where), from_pyproject(folder, where, toml)),
            from_pipfile(folder, where, toml(joined(where, "Pipfile"))),
            from_setup_cfg(folder, where),
            from_setup_py(folder, where),
        ):
            if statement is not None:
                return statement
    return None


def with_pyproject(folder: Folder, file: Guessed | None, project: Guessed | None) -> Guessed | None:
    """A file with requirements, and what pyproject.toml beside it names and the file does not."""
    if file is None or project is None:
        return file or project
    there = required_names(folder, file)
    missing = [each for each in project.value if (n := name_in(each)) and n not in there]
    if not missing or isinstance(project.value, str) or "pin" in project.why:
        return file
    return with_added(file, missing, f"what pyproject.toml names beside it: {', '.join(missing)}")


def from_file(folder: Folder, where: str) -> Guessed | None:
    beside = folder.inside(where, r"requirements?\.txt") or folder.inside(where, r"requirements.*")
    files = sorted(beside, key=lambda name: (name.endswith(".in"), *rank(name)))
    for below in REQUIREMENT_FOLDERS:
        inside = folder.inside(joined(where, below), r".*\.(txt|in)")
        files += sorted(inside, key=rank)
    for name in files:
        if any(line.strip() and line.strip()[0] != "#" for line in folder.text(name).splitlines()):
            lines = [each for each in lines_of(folder, [f"-r {name}"], "", set()) if name_in(each)]
            if pins := with_lock(folder, where, lines):
                return Guessed("requirements", pins, f"{name}, in the versions of {LOCK}")
            constraints = folder.inside(where, r"constraints.*\.txt")
            if not constraints:
                return Guessed("requirements", name, "the folder has one")
            value = [f"-r {name}", f"-c {constraints[0]}"]
            return Guessed("requirements", value, f"the folder has one, and {constraints[0]}")
    return None


def rank(name: str) -> tuple[int, str]:
    stem = re.sub(r"^requirements?[-_.]", "", name.rpartition("/")[2].rpartition(".")[0])
    return (FILES.index(stem) if stem in FILES else len(FILES)), name


def from_pyproject(folder: Folder, where: str, toml: Toml) -> Guessed | None:
    name = joined(where, "pyproject.toml")
    values = toml(name)
    listed, said = stated_dependencies(values)
    if not listed:
        file = table(values, "tool", "setuptools", "dynamic", "dependencies").get("file")
        first = file[0] if isinstance(file, list) and file else file
        if isinstance(first, str) and joined(where, first) in folder.files:
            return Guessed("requirements", joined(where, first), f"named by {name}")
        return None
    here = [local_path(each, where) for each in listed]
    for lock in ("uv.lock", "poetry.lock"):
        if exact := pinned_versions(
            toml(joined(where, lock)), [each for each in here if name_in(each)]
        ):
            return Guessed("requirements", exact, f"{said} of {name}, as {lock} pins them")
    return Guessed("requirements", here, f"{said} of {name}")


def local_path(requirement: str, where: str) -> str:
    """A path in the project's folder as one in the app's."""
    if not requirement.startswith("."):
        return requirement
    return f"./{joined(where, requirement.removeprefix('.').removeprefix('/'))}"


def stated_dependencies(values: Mapping[str, Any]) -> tuple[list[str], str]:
    """A project's dependencies, with those of groups that are named after serving."""
    project, lines, said = table(values, "project"), [], "dependencies"
    lines += texts(project.get("dependencies"))
    own = table(values, "tool", "poetry", "dependencies")
    if own and not lines:
        lines, said = list(poetry.requirements(own)), "[tool.poetry.dependencies]"
    for name, group in table(values, "tool", "poetry", "group").items():
        if name in USED_GROUPS and isinstance(group, Mapping):
            lines += poetry.requirements(table(group, "dependencies"))
    for groups in (
        table(values, "dependency-groups"),
        table(project, "optional-dependencies"),
    ):
        for name in sorted(USED_GROUPS & set(groups)):
            lines += texts(groups[name])
    return [each for each in lines if normal(each) != normal(str(project.get("name")))], said


def texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def from_setup_cfg(folder: Folder, where: str) -> Guessed | None:
    reader = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        reader.read_string(folder.text(joined(where, "setup.cfg")))
        stated = reader.get("options", "install_requires", fallback="")
    except configparser.Error:
        return None
    lines = [line.strip() for line in stated.splitlines() if line.strip()]
    return Guessed("requirements", lines, "install_requires of setup.cfg") if lines else None


def from_setup_py(folder: Folder, where: str) -> Guessed | None:
    lines = list(install_requires(folder.text(joined(where, "setup.py"))))
    return Guessed("requirements", lines, "install_requires of setup.py") if lines else None


def install_requires(text: str) -> Iterator[str]:
    """The list that is given to `setup`, directly or by a name."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    lists = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "install_requires":
            value = lists.get(node.value.id) if isinstance(node.value, ast.Name) else node.value
            if isinstance(value, ast.List | ast.Tuple):
                entries = [each for each in value.elts if isinstance(each, ast.Constant)]
                yield from (each.value for each in entries if isinstance(each.value, str))


def from_imports(folder: Folder, project: str) -> Guessed | None:
    modules = [m for m in folder.modules if not project or m.path.startswith(f"{project}/")]
    used = {name for module in modules for name in module.imports}
    packages = distributions(used - SHARED, local_names(folder))
    for shared in sorted(used & SHARED - local_names(folder)):
        packages += packages_of(shared, modules) or [distribution_of(shared)]
    why = "imports, without versions: pin them to what you run"
    return Guessed("requirements", packages, why) if packages else None


def with_added(guessed: Guessed | None, names: Sequence[str], why: str) -> Guessed:
    """The dependencies with more packages."""
    if guessed is None:
        return Guessed("requirements", list(names), why)
    return Guessed("requirements", [*own_lines(guessed), *names], f"{guessed.why}; {why}")


def required_names(folder: Folder, guessed: Guessed | None) -> frozenset[str]:
    """Normalized names of what is asked for, in the files that it names as well."""
    if guessed is None:
        return frozenset()
    return frozenset(name for line in required_lines(folder, guessed) for name in names_in(line))


def required_lines(folder: Folder, guessed: Guessed | None) -> list[str]:
    """What is asked for, a requirement a line, with that of the files that it names."""
    return list(lines_of(folder, own_lines(guessed), "", set()))


def required_files(folder: Folder, guessed: Guessed | None) -> frozenset[str]:
    """The files that it names, directly or not."""
    seen: set[str] = set()
    list(lines_of(folder, own_lines(guessed), "", seen))
    return frozenset(seen)


def own_lines(guessed: Guessed | None) -> list[str]:
    """The lines of the guessed requirements, before any file is opened."""
    if guessed is None:
        return []
    return [f"-r {guessed.value}"] if isinstance(guessed.value, str) else list(guessed.value)


def lines_of(folder: Folder, lines: Sequence[str], where: str, seen: set[str]) -> Iterator[str]:
    """The lines with those of the files that they name; each file is read once."""
    for line in lines:
        if match := NAMED_FILE.match(line):
            name = re.sub(r"[^/]+/\.\./", "", joined(where, match[1].removeprefix("./")))
            if name in folder.files and name not in seen and len(seen) < MOST_REQUIREMENT_FILES:
                seen.add(name)
                text = folder.text(name).splitlines()
                yield from lines_of(folder, text, name.rpartition("/")[0], seen)
        else:
            yield line


def names_in(line: str) -> Iterator[str]:
    """A requirement's normalized name, and those of its extras."""
    if name := name_in(line):
        yield name
        yield from (normal(e) for e in re.findall(r"\[([\w,-]+)\]", line))
