"""The page that a bundle opens with, for the maintainer who gets it. Pure."""

from lab.records.summary import Summary
from lab.share.issue_facts import IssueInput, title
from lab.share.manifest import SERVERS, BundleKind, Manifest
from lab.text.markdown import markdown_code, markdown_text
from lab.text.phrases import listed, sentence

PAGE = """\
# {title}

{verdicts}

Everything was measured and packed by the Worker Memory Lab {version}{commit}. `there/` holds
the raw files of the run and its report; `manifest.json` has the SHA-256 of each file, what was
left out, and why.

## Run it again

With Docker and Compose, in this folder:

```sh
docker compose up --build --exit-code-from driver    # or docker-compose
```

The exit code is 0 where the new run agrees with the one in `there/`, 1 where it differs, and 2
where one of them is undecided. A table *there | here* is printed last and written to `results/`.
User 1000 writes that folder; where this fails, `chmod 777 results` helps. Nothing else is left
after `docker compose down --volumes --rmi all`.

Where no registry answers, make the base images from this host's own CPython first:

```sh
eval "$(scripts/shell/bases | sed 's/^/export /')"
```

With a checkout of the lab: {verify}. Of the bundle it uses the run
and the app alone.

**This runs code from somebody else.** Its containers have no rights and no network; its images are
built with a network.
{more}"""
ALONE = """
**The app needs servers that this Compose project does not start** ({servers}). `docker compose up`
can only show that the app fails without them; `make verify` of a checkout starts them.
"""
REPRODUCER = """
## Without the lab

`reproduce.py` is one file that makes the calls that grow. `uv run reproduce.py` runs it, or plain
Python with the packages that it names. It exits with 1 when they grow, and with 0 when they do not.
"""


MOST_COMMIT = 12


def bundle_readme(summary: Summary, manifest: Manifest) -> str:
    """The page in Markdown: what the run said, and how to run it again."""
    known = manifest.lab.commit
    commit = f" (commit {markdown_text(known, MOST_COMMIT)})" if known else ""
    more = REPRODUCER if "reproduce.py" in manifest.files else ""
    missing = [each.name for each in manifest.left_out if each.name.startswith(SERVERS)]
    for each in missing:
        more = ALONE.format(servers=markdown_text(each.removeprefix(SERVERS))) + more
    return PAGE.format(
        title=title_of(summary, manifest),
        verdicts="\n".join(verdicts(summary)),
        version=markdown_text(manifest.lab.version),
        commit=commit,
        verify=markdown_code(f"make verify BUNDLE=path/to/{manifest.run}.zip"),
        more=more,
    )


def title_of(summary: Summary, manifest: Manifest) -> str:
    if manifest.kind is BundleKind.APP and summary.own is not None:
        return f"{markdown_text(summary.own.app)}: {title(IssueInput(summary, {}))}"
    return f"Run {markdown_text(summary.run.id)}"


def verdicts(summary: Summary) -> list[str]:
    """What the run said: of an app in a sentence, of a suite by verdict."""
    if summary.own is not None:
        return [markdown_text(sentence(summary.own.reason))]
    groups: dict[str, list[str]] = {}
    for each in summary.variants:
        groups.setdefault(each.verdict.value, []).append(markdown_code(each.name))
    return [f"- {verdict}: {listed(names, 40)}" for verdict, names in groups.items()]
