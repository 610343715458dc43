"""Poetry's and Pipfile's way to write versions, as pip reads them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any


def requirement(name: str, asked: Any) -> str | None:
    """One entry of a table of dependencies; None for what is optional or cannot be had by pip."""
    if isinstance(asked, list):
        asked = next((each for each in asked if isinstance(each, Mapping | str)), "*")
    if isinstance(asked, str):
        return name + pip_version(asked)
    if not isinstance(asked, Mapping) or asked.get("optional"):
        return None
    extras = asked.get("extras")
    full = f"{name}[{','.join(map(str, extras))}]" if isinstance(extras, list) and extras else name
    if isinstance(asked.get("path"), str):
        return str(asked["path"])
    if isinstance(asked.get("git"), str):
        revision = next((asked[k] for k in ("rev", "tag", "branch", "ref") if k in asked), None)
        return f"{full} @ git+{asked['git']}" + (f"@{revision}" if revision else "")
    marker = f" ; {asked['markers']}" if isinstance(asked.get("markers"), str) else ""
    return full + pip_version(str(asked.get("version", "*"))) + marker


def pip_version(asked: str) -> str:
    """`^1.2` is `>=1.2,<2`, `~1.2` is `>=1.2,<1.3`, a bare number is that version."""
    return ",".join(filter(None, map(pip_clause, asked.partition("||")[0].split(","))))


def pip_clause(clause: str) -> str:
    clause = clause.strip()
    if clause in ("", "*"):
        return ""
    if clause[0] in "^~" and not clause.startswith("~="):
        numbers = release(clause[1:])
        return f">={clause[1:].strip()},<{next_after(numbers, clause[0])}" if numbers else ""
    return clause.replace(" ", "") if clause[0] in "<>=!~" else f"=={clause}"


def release(version: str) -> list[int]:
    plain = re.split(r"[a-z+-]", version.strip())[0]
    return [int(number) for number in re.findall(r"\d{1,9}", plain)]


def next_after(numbers: list[int], kind: str) -> str:
    """The first release that is too new."""
    if kind == "~":
        kept = numbers[:2] if len(numbers) > 1 else numbers[:1]
    else:
        leading = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
        kept = numbers[: leading + 1]
    return ".".join(map(str, [*kept[:-1], kept[-1] + 1]))


def requirements(entries: Mapping[str, Any]) -> Iterator[str]:
    for name, asked in entries.items():
        if name.lower() != "python" and (line := requirement(name, asked)):
            yield line
