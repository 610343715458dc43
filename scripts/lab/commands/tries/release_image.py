"""The image of an app with another release of one package, for scripts/try, which builds it."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.app.container import GUESS, INSTALLER, RECIPE
from lab.app.described import RECORD, read_described
from lab.app.release import MOST_DEPENDENTS
from lab.app.services import release_service, service, variant_name
from lab.app.spec import AppSpec
from lab.app.stand_in import TRUSTED as COPY_OF_TRUSTED
from lab.commands.app_runs.container_release import ReleaseWish, with_answer
from lab.commands.app_runs.input import app_settings
from lab.commands.tries.services import CreatedServices, write_containers
from lab.errors import LabError
from lab.records.interventions import NEWEST_RELEASE
from lab.store.json_file import read_record, write_record
from lab.text.packages import is_distribution

WISH = "release.json"
"""What a sitting of the driver asks for, in the folder of guesses, which it can write to."""
CONTEXT = "release"
"""The builder's context, which has nothing but the recipe."""
VERSION = "/lab/release.txt"
"""The version that was installed, in the image; scripts/try reads it."""
PYTHONS = (
    "python3",
    "python",
    "/*/.venv/bin/python",
    "/*/*/.venv/bin/python",
    "/*/venv/bin/python",
)
"""Where the interpreter of an image may be that has the app's packages."""
TRUSTED = f"{COPY_OF_TRUSTED} /usr/local/lib/python3*/site-packages/pip/_vendor/certifi/cacert.pem"
"""What the image's first pip trusts, for an environment of the app's own as well."""


@dataclass(frozen=True, slots=True)
class ReleaseImage:
    """The name that the image gets."""

    image: str

    def assignments(self) -> Iterator[str]:
        """The line that gives it to a shell."""
        yield f"own_release={shlex.quote(self.image)}"


def release_image(spec: AppSpec) -> str:
    return f"memlab-{release_variant(spec)}"


def release_variant(spec: AppSpec) -> str:
    return f"{variant_name(spec, None)}-{NEWEST_RELEASE}"


def write_recipe(work: Path) -> ReleaseImage:
    """Write down what the image needs: the app's own, with one package upgraded.

    Raises:
        LabError: what the driver asked for cannot be used.
    """
    wish, spec = wish_and_app(work)
    folder = work / CONTEXT
    folder.mkdir(exist_ok=True)
    (folder / RECIPE).write_text(recipe(wish.package), encoding="utf-8")
    return ReleaseImage(release_image(spec))


def write_release(given: Mapping[str, str], work: Path) -> CreatedServices:
    """Write down what was built, for the driver, and its service; none where nothing was.

    Raises:
        LabError: what the driver asked for cannot be used.
    """
    wish, spec = wish_and_app(work)
    answer = with_answer(wish, given.get("LAB_RELEASE", ""), given.get("LAB_REASON", ""))
    write_record(work / GUESS / WISH, answer)
    if answer.newest is None:
        write_containers(spec, given, work)
        return CreatedServices((), ())
    base = service(spec, app_settings(given).host_cpus, None)
    name = release_variant(spec)
    more = {name: release_service(base, release_image(spec))}
    return write_containers(spec, given, work, more)


def wish_and_app(work: Path) -> tuple[ReleaseWish, AppSpec]:
    """What the driver asked for, and the app that it measured.

    Raises:
        LabError: it cannot be used.
    """
    wish = read_record(work / GUESS / WISH, ReleaseWish)
    if not is_distribution(wish.package):
        raise LabError(f"{wish.package!r} is not the name of a package")
    return wish, read_described(work / GUESS / RECORD)


def recipe(package: str) -> str:
    """The Dockerfile: what it requires moves only where it must, and no other package breaks.

    Where another package fixes the version, that one moves as well. An image of the app's own has
    its packages where it likes, and may have a shell of its own.
    """
    broken = '"$python" -m pip check | grep -vxFf /tmp/before'
    dependents = f"$({broken} | cut -d' ' -f1 | sort -u | head -n {MOST_DEPENDENTS})"
    upgrade = f'"$python" {INSTALLER} --upgrade --upgrade-strategy only-if-needed'
    steps = [
        "export PIP_ROOT_USER_ACTION=ignore",
        *with_package(package),
        "mkdir -p /lab",
        f"for each in {TRUSTED}; do"
        ' [ ! -e "$each" ] || export PIP_CERT="${PIP_CERT:-$each}"; done',
        # Without an index what is installed would be called the newest.
        f'"$python" -m pip download --quiet --no-deps --dest /tmp/newest {package}',
        "rm -rf /tmp/newest",
        'if "$python" -m pip check > /tmp/before; then :; fi',
        f"{upgrade} {package}",
        f"others={dependents}",
        f'if [ -n "$others" ]; then {upgrade} {package} $others; fi',
        f'others={dependents}; if [ -n "$others" ]; then'
        ' echo "ERROR: it does not install beside $others"; exit 1; fi',
        f"\"$python\" -m pip show {package} | sed -n 's/^Version: //p' > {VERSION}",
    ]
    lines = [
        "ARG APP_IMAGE",
        "FROM ${APP_IMAGE}",
        "LABEL memlab=image",
        "USER 0:0",
        f"RUN {json.dumps(['/bin/sh', '-ec', '; '.join(steps)])}",
    ]
    return "\n".join(lines) + "\n"


def with_package(package: str) -> Iterator[str]:
    """The steps that find the interpreter which has a package, and see that it has pip."""
    pythons = " ".join(PYTHONS)
    yield (
        f'python=; for each in {pythons}; do command -v "$each" > /dev/null || continue;'
        ' "$each" -m pip --version > /dev/null 2>&1 || "$each" -m ensurepip > /dev/null 2>&1'
        f' || continue; if "$each" -m pip show --quiet {package} 2> /dev/null;'
        " then python=$each; break; fi; done"
    )
    missing = f"ERROR: no Python of the image has pip and {package}"
    yield f'if [ -z "$python" ]; then echo "{missing}"; exit 1; fi'
