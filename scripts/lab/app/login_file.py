"""The table `[login]` of lab.toml and the keys beside it: how clients get in and behave."""

from dataclasses import replace

from lab.app import request_keys as keys
from lab.app.spec import AppSpec, LoginSpec, RequestSpec
from lab.app.spec_keys import COOKIES, THINK_SECONDS
from lab.app.table_reader import Table
from lab.errors import UsageError
from lab.load.user_target import TOKEN


def with_session(spec: AppSpec, table: Table) -> AppSpec:
    """The app with how its clients get in and behave.

    Raises:
        UsageError: a key or a value cannot be used.
    """
    whole = replace(
        spec,
        login=login(table),
        cookies=table.read(COOKIES),
        think_seconds=table.read(THINK_SECONDS),
    )
    check_login(whole, table)
    return whole


def login(table: Table) -> LoginSpec | None:
    """The request before the load; None where there is none.

    Raises:
        UsageError: a key or a value cannot be used.
    """
    if keys.LOGIN not in table.values:
        return None
    values = table.values[keys.LOGIN]
    if not isinstance(values, dict):
        table.refuse(keys.LOGIN, f"a table, headed [{keys.LOGIN}]")
    below = Table(table.file, f"{keys.LOGIN}.", values)
    below.check_names(tuple(key.name for key in keys.LOGIN_KEYS))
    request = RequestSpec(
        method=below.read(keys.LOGIN_METHOD).upper(),
        path=below.read(keys.LOGIN_PATH),
        headers=below.read(keys.LOGIN_HEADERS),
        body=below.read(keys.LOGIN_BODY),
        expect=below.read(keys.LOGIN_EXPECT),
    )
    return LoginSpec(request, below.read(keys.LOGIN_TOKEN), below.read(keys.LOGIN_FORM))


def check_login(spec: AppSpec, table: Table) -> None:
    """Refuse a login that gives nothing, and requests that need what none gives.

    Raises:
        UsageError: says which key is missing, or which one is too much.
    """
    token = spec.login.token if spec.login else None
    if spec.login and token is None and not spec.cookies:
        raise UsageError(
            f"{table.file}: [{keys.LOGIN}] gives neither a token nor cookies: set token "
            f'(token = "access_token"), or {COOKIES.name} = true above the tables'
        )
    for number, request in enumerate(spec.requests, start=1):
        where = f"{table.file}: {keys.REQUESTS}[{number}]."
        if token is None and TOKEN in "".join(
            (request.path, *request.headers.values(), *request.say)
        ):
            raise UsageError(
                f"{where}{TOKEN} needs a token that a login gives: "
                f'write [{keys.LOGIN}] with token = "..."'
            )
        if spec.cookies and any(name.lower() == "cookie" for name in request.headers):
            raise UsageError(
                f"{where}headers has a Cookie, and {COOKIES.name} = true sends its own: "
                "remove one of them"
            )
