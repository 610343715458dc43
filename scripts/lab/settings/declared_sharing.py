"""The settings of what is compared and handed on; with the others in `declared`."""

from lab.settings.kinds import SizeOrAuto, Switch, Text
from lab.settings.setting import Setting
from lab.units import MIB

SMALLEST_BUNDLE_BYTES = MIB

RUN = Setting(
    "RUN",
    Text("the name of a run's folder"),
    "latest",
    "which run is rebuilt, compared, reproduced or bundled",
    "20261124-030233-core",
    ("report", "compare", "reproduce", "bundle"),
    is_recorded=False,
)
WITH = Setting(
    "WITH",
    Text("the name of a run's folder"),
    "",
    "the run that `RUN` is compared with, such as the one after a fix",
    "20261124-030536-core",
    ("compare",),
    is_recorded=False,
)
BUNDLE = Setting(
    "BUNDLE",
    Text("a bundle's file"),
    "",
    "the bundle that is verified",
    "20261126-223730-try-ujson-failing.zip",
    ("verify",),
    is_recorded=False,
)
TRUST = Setting(
    "TRUST",
    Switch(),
    "0",
    "`1`: the app of a bundle, or of a run that was not made here, may run without Docker, with "
    "your rights",
    "1",
    ("verify", "reproduce"),
    is_recorded=False,
)
BUNDLE_LIMIT = Setting(
    "BUNDLE_LIMIT",
    SizeOrAuto(SMALLEST_BUNDLE_BYTES),
    "10m",
    "the largest bundle that is written; `auto`: any size",
    "40m",
    ("bundle",),
    is_recorded=False,
)
RESUME = Setting(
    "RESUME",
    Text("the name of a run's folder"),
    "",
    "an interrupted run that goes on with what is not finished; `make try` wants its `APP`, too",
    "20261124-030233-core",
    ("repro", "claims", "claim", "try"),
    is_recorded=False,
)
