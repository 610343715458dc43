"""The settings of which app is tried, and how far; with the others in `declared`."""

from lab.settings.kinds import Switch, Text
from lab.settings.setting import Setting

APP = Setting(
    "APP",
    Text("a folder, or a .toml file in it"),
    "",
    "the folder of your own app",
    "../shop",
    ("try", "init", "bisect", "layers", "bundle"),
)
EXAMPLE = Setting(
    "EXAMPLE",
    Text("a folder of apps/examples"),
    "",
    "a shipped app",
    "ujson-failing",
    ("try", "bisect", "layers", "bundle"),
)
CHECK = Setting(
    "CHECK",
    Switch(),
    "0",
    "`1`: ends after the check: the app comes up and answers; nothing is measured",
    "1",
    ("try",),
    is_recorded=False,
)
WATCH = Setting(
    "WATCH",
    Switch(),
    "0",
    "`1`: measures again whenever a file of the app changes, and says what that changed; "
    "local processes alone",
    "1",
    ("try",),
    is_recorded=False,
)
