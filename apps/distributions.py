"""Which installed distribution a file or a module belongs to, by what its installer wrote down."""

import os
import sys

MOST_METADATA_READ = 1 << 20
"""The most bytes of a METADATA or RECORD that are read."""
MOST_DISTRIBUTIONS = 2000
TRACKERS = ("bug tracker", "issue tracker", "issues", "tracker", "bug reports", "bugs")
SOURCES = ("source", "source code", "repository", "github", "code", "homepage", "home")


def text_of(path):
    """The first part of a text file; empty where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(MOST_METADATA_READ)
    except OSError:
        return ""


def metadata_folders():
    """Each `*.dist-info` folder on the path, with the folder that it stands in."""
    count = 0
    for root in sys.path:
        try:
            names = sorted(os.listdir(root or "."))
        except OSError:
            continue
        for name in names:
            if name.endswith(".dist-info") and count < MOST_DISTRIBUTIONS:
                count += 1
                yield os.path.abspath(root or "."), os.path.join(root or ".", name)


def headers(text):
    """(name, value) of each header of a METADATA, names in lower case."""
    for line in text.splitlines():
        if not line:
            return
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()


def record_of(metadata):
    """Name, version and tracker as a METADATA states them; None without a name."""
    found = list(headers(metadata))
    single = dict(reversed(found))
    links = {}
    for name, value in found:
        if name == "project-url":
            label, _, url = value.partition(",")
            links[label.strip().lower()] = url.strip()
    if "home-page" in single:
        links.setdefault("home", single["home-page"])
    if not single.get("name"):
        return None
    return {
        "name": single["name"],
        "version": single.get("version", ""),
        "tracker": first_link(links, TRACKERS) or first_link(links, SOURCES),
    }


def installed():
    """(name, version) of each distribution on the path."""
    texts = (text_of(os.path.join(folder, "METADATA")) for _, folder in metadata_folders())
    return [(record["name"], record["version"]) for record in map(record_of, texts) if record]


def first_link(links, labels):
    """The first of these links that is one for a browser."""
    found = (links[label] for label in labels if label in links)
    return next((url for url in found if url.startswith(("https://", "http://"))), None)


def files_of(root, folder):
    """The absolute paths that an installation recorded."""
    for line in text_of(os.path.join(folder, "RECORD")).splitlines():
        name = line.rpartition(",")[0].rpartition(",")[0].strip('"')
        if name:
            yield os.path.normpath(os.path.join(root, name))


def owners(files):
    """The distribution of each of these files that belongs to one, by the file."""
    wanted = {os.path.normpath(os.path.abspath(file)): file for file in files if file}
    wanted.update((os.path.realpath(file), file) for file in files if file)
    found = {}
    for root, folder in metadata_folders():
        roots = {root, os.path.realpath(root)}
        if not any(file.startswith(tuple(each + os.sep for each in roots)) for file in wanted):
            continue
        paths = (path for each in roots for path in files_of(each, folder))
        mine = {wanted[path] for path in paths if path in wanted}
        record = record_of(text_of(os.path.join(folder, "METADATA"))) if mine else None
        if record:
            found.update((file, record) for file in mine)
    return found
