"""An app's own Dockerfile where the official images that it begins from cannot be had."""

import pytest
from lab.app.stand_in import TRUSTED, pythons, stand_in_recipe
from lab.engines.old_builds import own_tools
from support.time_limit import time_limit


def rewritten(text: str, **arguments: str) -> list[str]:
    recipe = stand_in_recipe(text, arguments)
    assert recipe is not None
    own = ("LABEL ", *own_tools("3.8"))
    lines = (line for line in recipe.text.splitlines() if not line.startswith(own))
    return [line for line in lines if "cacert.pem" not in line and TRUSTED not in line]


@pytest.mark.parametrize(
    ("image", "base"),
    [
        ("python:3.8-slim", "3.8"),
        ("python:3.11.4-bookworm", "3.11"),
        ("docker.io/library/python:3.10", "3.10"),
        (f"python:3.9-slim@sha256:{'a' * 64}", "3.9"),
        ("python:3.12-alpine", "3.12"),
        ("python", "3.12"),
        ("python:3-slim", "3.12"),
        ("python:slim", "3.12"),
        ("debian:bookworm-slim", "debian"),
        ("ghcr.io/astral-sh/uv:python3.13-bookworm-slim", "3.13"),
    ],
)
def test_an_official_image_is_an_argument_of_the_build(image: str, base: str) -> None:
    recipe = stand_in_recipe(f"FROM {image} AS base\nRUN x\n", {})

    assert recipe is not None
    (name,) = recipe.bases
    assert (recipe.bases[name], recipe.officials) == (base, (image,))
    lines = recipe.text.splitlines()
    assert lines[:2] == [f"ARG {name}", f"FROM ${{{name}}} AS base"]
    assert lines[2] == (
        f'LABEL memlab.base.kind=stand-in memlab.base.reference="in the place of {image}"'
    )
    assert list(pythons(recipe.bases)) == [each for each in [base] if each != "debian"]


@pytest.mark.parametrize(
    "text",
    [
        "FROM python:2.7-slim\n",
        "FROM python:3.12-alpine\nRUN apk add gcc\n",
        "FROM tiangolo/uvicorn-gunicorn:python3.9\n",
        "FROM evil/python:3.9\n",
        "FROM python:3.9$(id)\n",
        "# FROM python:3.9\n",
        "FROM $BASE\n",
        "FROM\n",
        "",
    ],
)
def test_where_no_image_has_a_stand_in_there_is_no_recipe(text: str) -> None:
    assert stand_in_recipe(text, {}) is None


def test_an_instruction_over_two_lines_names_its_image_as_well() -> None:
    text = (
        "ARG PYTHON=\\\n3.9\nFROM \\\n  # slim\n  python:${PYTHON}-slim \\\n  AS a\n"
        "COPY \\\n --from=ghcr.io/astral-sh/uv:0.4 \\\n /uv /bin/\nRUN a \\\n  && b\n"
    )

    lines = rewritten(text)

    assert lines[:2] == ["ARG PYTHON=3.9", "ARG LAB_PY39"]
    assert "FROM ${LAB_PY39} AS a" in lines
    assert lines[-3:] == ["COPY --from=memlab-uv /uv /bin/", "RUN a \\", "  && b"]


@pytest.mark.parametrize("image", ["python", "python:slim", "python:3"])
def test_a_tag_without_a_version_is_the_python_that_its_packages_run_on(image: str) -> None:
    recipe = stand_in_recipe(f"FROM {image}\nFROM python:3.9\n", {}, python="3.11")

    assert recipe is not None
    assert list(recipe.bases.values()) == ["3.11", "3.9"]


@pytest.mark.parametrize(
    ("image", "count"), [("python:3.11", 1), ("python:3.12", 0), ("debian", 0)]
)
def test_an_older_python_has_its_own_setuptools(image: str, count: int) -> None:
    recipe = stand_in_recipe(f"FROM {image} AS a\nFROM a\n", {})

    assert recipe is not None
    assert recipe.text.count("ensurepip") == count


def test_a_stage_behind_the_one_that_is_built_asks_for_nothing() -> None:
    """A tool of Alpine's there keeps no stage from its stand-in."""
    text = (
        "FROM --platform=$BUILDPLATFORM python:3.10-alpine AS builder\nCMD x\n"
        "FROM builder AS dev\nRUN apk add git\nCOPY --from=node / /\n"
    )

    recipe = stand_in_recipe(text, {}, "Builder")

    assert recipe is not None
    assert "FROM ${LAB_PY310} AS builder" in recipe.text
    assert "apk" not in recipe.text
    assert stand_in_recipe(text, {}) is None
    assert stand_in_recipe(text, {}, "dev") is None


def test_a_package_of_an_older_debian_is_had_by_its_new_name() -> None:
    text = (
        "FROM python:3.11-slim-buster\n"
        "RUN apt-get update && \\\n  apt-get -y install gcc netcat \\\n  netcat-traditional\n"
        "CMD netcat -l 80\n"
    )

    assert rewritten(text)[-4:] == [
        "RUN apt-get update && \\",
        "  apt-get -y install gcc netcat-openbsd \\",
        "  netcat-traditional",
        "CMD netcat -l 80",
    ]


def test_arguments_before_the_first_stage_are_filled_in() -> None:
    text = (
        "ARG PYTHON=3.9\nARG KIND\nFROM python:${PYTHON}-${KIND:-slim} AS a\nFROM a\nRUN $PYTHON\n"
    )

    assert rewritten(text) == [
        *("ARG PYTHON=3.9", "ARG KIND", "ARG LAB_PY39", "FROM ${LAB_PY39} AS a"),
        *("FROM a", "RUN $PYTHON"),
    ]
    assert "ARG LAB_PY37" in rewritten(text, PYTHON="3.7")


def test_what_the_older_builder_refuses_is_said_in_its_words() -> None:
    text = (
        "# syntax=docker/dockerfile:1\nFROM python:3.12-slim\n"
        "RUN --mount=type=cache,target=/root/.cache \\\n    # why\n"
        "    --mount=type=bind,source=uv.lock,target=/srv/uv.lock \\\n    uv sync\n"
        "COPY --link --chmod=755 start.sh /start.sh\n# done \\\nCMD x\n"
    )

    assert rewritten(text)[2:] == [
        'COPY ["uv.lock", "/srv/uv.lock"]',
        *("RUN \\", "    \\", "    uv sync"),
        *("COPY start.sh /start.sh", "RUN chmod -R 755 /start.sh"),
        *("# done \\", "CMD x"),
    ]


def test_each_stage_trusts_what_the_pip_of_this_host_trusts() -> None:
    recipe = stand_in_recipe("FROM python:3.8 AS Base\nFROM base\nFROM node:20\n", {})

    assert recipe is not None
    file = "/usr/local/lib/python3.8/site-packages/pip/_vendor/certifi/cacert.pem"
    lines = recipe.text.splitlines()
    line = f"ARG PIP_CERT={file} SSL_CERT_FILE={file} REQUESTS_CA_BUNDLE={file}"
    assert lines.count(line) == 2
    assert lines[lines.index("FROM base") + 1] == line
    assert lines[-1] == "FROM node:20"


@pytest.mark.parametrize(
    ("step", "is_other"),
    [
        ("pip install --upgrade pip", True),
        ("python -m pip install -U 'pip==23.0' wheel", True),
        ("pip3 install -q pip setuptools && x", True),
        ("pip install -r requirements.txt", False),
        ("pip install pip-tools", False),
    ],
)
def test_what_is_trusted_is_copied_before_another_pip_takes_its_place(
    step: str, is_other: bool
) -> None:
    recipe = stand_in_recipe(f"FROM python:3.8 AS a\nRUN {step}\nFROM a\n", {})

    assert recipe is not None
    file = "/usr/local/lib/python3.8/site-packages/pip/_vendor/certifi/cacert.pem"
    copied = f"RUN [ -e {TRUSTED} ] || cp {file} {TRUSTED}"
    assert recipe.text.splitlines().count(copied) == (2 if is_other else 0)
    assert (f"ARG PIP_CERT={TRUSTED} " in recipe.text) is is_other


def test_a_stage_may_have_the_name_of_its_image() -> None:
    text = "FROM debian AS debian\nFROM debian\nFROM node AS python\nFROM python\n"

    assert rewritten(text) == [
        *("ARG LAB_DEBIAN", "FROM ${LAB_DEBIAN} AS debian", "FROM debian"),
        *("FROM node AS python", "FROM python"),
    ]


def test_uv_is_copied_from_a_stage_of_its_own() -> None:
    text = "FROM debian:12\nCOPY --from=ghcr.io/astral-sh/uv:0.5.4 /uv /uvx /bin/\n"

    lines = rewritten(text)

    assert lines[:3] == ["ARG LAB_DEBIAN", "ARG LAB_PY312", "FROM ${LAB_PY312} AS memlab-uv"]
    assert lines[-2:] == ["FROM ${LAB_DEBIAN}", "COPY --from=memlab-uv /uv /uvx /bin/"]


@pytest.mark.parametrize(
    "text", ["FROM python:3.9\n" + "COPY --a " * 20_000, "RUN --mount=" * 20_000, "\\\n" * 50_000]
)
def test_a_hostile_recipe_takes_no_time(text: str) -> None:
    with time_limit(10):
        recipe = stand_in_recipe(text, {})

    officials = ("python:3.9",) if text.startswith("FROM") else None
    assert (recipe and recipe.officials) == officials


@pytest.mark.parametrize("begun", ["COPY ", "ADD --chown=a \\\n"])
@pytest.mark.parametrize(
    "pumped", ["--chmod=755 a ", "--chmod=755 ", "--a\\ ", "--a ", " ", "\\\n"]
)
def test_rights_that_are_given_again_and_again_are_read_in_time(begun: str, pumped: str) -> None:
    text = f"FROM python:3.12\n{begun}{pumped * (125_000 // len(pumped))} "
    with time_limit(1):
        assert stand_in_recipe(text, {}) is not None


def test_rights_are_given_by_a_step_of_their_own_past_other_options() -> None:
    text = "FROM python:3.12\nCOPY --chown=a:b \\\n  --chmod=644 a b \\\n /c\nCOPY --chmod=755\n"
    recipe = stand_in_recipe(text, {})
    assert recipe is not None
    assert recipe.text.endswith(
        "COPY --chown=a:b a b \\\n /c\nRUN chmod -R 644 /c\nCOPY --chmod=755\n"
    )


@pytest.mark.parametrize(
    "image",
    [
        "python:3.\u0661\u0662",
        "python:3.12-\u00e9",
        "debian:\u0661",
        "python:3.12@sha256:" + "\u00e9" * 64,
    ],
)
def test_letters_and_digits_of_other_scripts_name_no_official_image(image: str) -> None:
    assert stand_in_recipe(f"FROM {image}\n", {}) is None
