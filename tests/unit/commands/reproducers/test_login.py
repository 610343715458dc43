"""An app with a login is not reduced to a file of calls, and that is told."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from lab.app.spec import AppSpec, LoginSpec, RequestSpec
from lab.commands.reproducers import steps as reproduce_steps


def test_an_app_with_a_login_is_told_and_not_called() -> None:
    login = LoginSpec(RequestSpec(method="POST", path="/token"), "token")
    spec = AppSpec(Path("/app/lab.toml"), "shop", command="serve", login=login)
    bench = SimpleNamespace(app=SimpleNamespace(spec=spec))

    with pytest.raises(reproduce_steps.NotReproduced, match=r"after a \[login\]"):
        reproduce_steps.app_calls(bench, SimpleNamespace())  # type: ignore[arg-type]
