"""The hand-written compose.yaml keeps what the design promises of every service."""

import re
from typing import Any

from lab.claims.book import read_claims
from lab.commands.setup.doctor import THREAD
from lab.matrix.compose_file import mapping
from lab.matrix.servers import ANYIO_STACKS
from lab.matrix.variants import read_matrix
from lab.prediction.predict import OfferedLoad, threads_that_run
from lab.records.variant import Variant
from lab.yaml_file import read_yaml
from support.read_services import COMPOSE, SERVICES, VARIANTS, services, suites

LOGGING = {"driver": "json-file", "options": {"max-size": "5m", "max-file": "2"}}
SOCKET = "/var/run/docker.sock"


def volumes(service: dict[str, Any]) -> list[str]:
    return [str(volume) for volume in service.get("volumes", ())]


def test_no_capability_and_no_new_privilege() -> None:
    for name in SERVICES:
        assert SERVICES[name]["cap_drop"] == ["ALL"], name
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"], name
        assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & SERVICES[name].keys(), name


def test_what_a_service_prints_is_kept_up_to_a_limit() -> None:
    for name in SERVICES:
        assert SERVICES[name]["logging"] == LOGGING, name


def test_nothing_is_written_but_to_memory() -> None:
    for name in SERVICES:
        assert SERVICES[name]["read_only"] is True, name
        assert SERVICES[name]["tmpfs"] == ["/tmp:size=64m"], name


def test_memory_and_processes_are_limited() -> None:
    for name in SERVICES:
        service = SERVICES[name]

        assert service["mem_limit"] == service["memswap_limit"], name
        assert 0 < int(service["pids_limit"]) <= 2048, name
        assert service["ulimits"] == {"fsize": 1 << 30}, name


NETWORKS = {"gate": ["engine"], "driver": ["engine", "lab"]}
"""Those of the services that are not alone with the driver."""


def test_no_variant_shares_a_network_with_the_gate_and_no_port_is_published() -> None:
    for name in SERVICES:
        service = SERVICES[name]

        assert service["networks"] == NETWORKS.get(name, ["lab"]), name
        assert service["dns"] == ["127.0.0.1"], name
        assert service["dns_opt"] == ["timeout:1", "attempts:2"], name
        assert not {"ports", "network_mode", "extra_hosts"} & service.keys(), name


def test_the_networks_are_internal_and_the_host_has_no_address_there() -> None:
    document = read_yaml(COMPOSE)
    options = {"com.docker.network.bridge.inhibit_ipv4": "true"}
    expected = {"internal": True, "driver_opts": options}

    assert document["networks"] == {"engine": expected, "lab": expected}


def test_nobody_is_root() -> None:
    for name, service in SERVICES.items():
        user = str(service["user"])

        assert user.partition(":")[0] not in ("", "0", "root"), name


def test_the_socket_is_the_gates_alone() -> None:
    for name in SERVICES:
        mounts = [volume for volume in volumes(SERVICES[name]) if SOCKET in volume]

        assert mounts == ([f"{SOCKET}:{SOCKET}:ro"] if name == "gate" else []), name


def test_without_a_profile_there_is_the_core_suite_the_gate_and_the_driver() -> None:
    plain = {name for name, service in SERVICES.items() if not service.get("profiles")}
    core = {name for name in VARIANTS if "core" in suites(name)}

    assert len(core) == 12
    assert plain == core | {"gate", "driver"}


def test_a_variant_is_in_a_known_suite_and_its_profile_is_the_suite() -> None:
    for name in VARIANTS:
        assert suites(name) in (["core"], ["core", "thread"], ["thread"]), name
        assert VARIANTS[name].get("profiles", ["core"]) == suites(name)[:1], name


def test_a_variant_is_named_after_its_python() -> None:
    for name in VARIANTS:
        python = VARIANTS[name]["labels"]["lab.python"].replace(".", "")

        assert name.startswith(f"py{python}-"), name


def test_a_variant_in_the_core_suite_is_named_after_its_framework() -> None:
    for name in VARIANTS:
        labels = VARIANTS[name]["labels"]

        assert "core" not in suites(name) or name.split("-")[1] == labels["lab.framework"], name


def gate_pattern() -> str:
    config = (COMPOSE.parent / "images" / "gate" / "haproxy.cfg").read_text(encoding="utf-8")
    match = re.search(r"setenv SERVICE '(.+)'", config)
    assert match is not None
    return match[1]


def test_the_gate_knows_the_variants_by_name_and_nothing_else() -> None:
    for name in SERVICES:
        assert bool(re.fullmatch(gate_pattern(), name)) is (name in VARIANTS), name


def test_there_is_one_image_for_each_python_and_stack() -> None:
    for name in VARIANTS:
        labels = VARIANTS[name]["labels"]
        python, stack = labels["lab.python"], labels["lab.stack"]
        arguments = VARIANTS[name]["build"]["args"]

        assert VARIANTS[name]["image"] == f"memlab-py{python.replace('.', '')}-{stack}", name
        assert arguments["PYTHON_IMAGE"].startswith(f"python:{python}."), name
        assert arguments["STACK"] == stack, name


def test_every_image_has_the_tag_of_its_clone() -> None:
    tagged = services(LAB_TAG=":0a1b2c3d")

    for name in SERVICES:
        assert tagged[name]["image"] == f"{SERVICES[name]['image']}:0a1b2c3d", name


def test_a_variant_is_shown_its_cpus_and_nothing_else_of_the_host() -> None:
    for name in VARIANTS:
        service = VARIANTS[name]
        cpus = service["labels"]["lab.host_cpus"]

        shown = f"./images/cpus/{cpus}:/sys/devices/system/cpu/online:ro"
        assert volumes(service) == ["logs:/var/log/lab", shown], name
        assert str(service["environment"]["HOST_CPUS"]) == cpus, name
        assert (COMPOSE.parent / "images" / "cpus" / cpus).is_file(), name


def test_host_cpus_choose_for_all_variants_but_those_that_fix_their_own() -> None:
    for name in VARIANTS:
        chosen = services(HOST_CPUS="24")[name]
        own = VARIANTS[name]["labels"]["lab.host_cpus"]
        expected = "24" if "core" in suites(name) else own

        assert chosen["labels"]["lab.host_cpus"] == expected, name
        assert f"./images/cpus/{expected}:" in volumes(chosen)[1], name


def test_what_a_variant_asks_for_besides_its_load_is_there() -> None:
    for name in VARIANTS:
        needs = VARIANTS[name]["labels"].get("lab.needs", "").split()
        images = [SERVICES[need]["image"] for need in needs]
        workload = VARIANTS[name]["environment"]["LAB_WORKLOAD"].split("-")

        assert set(needs) <= SERVICES.keys() - VARIANTS.keys(), name
        assert images == [f"memlab-{need}" for need in needs], name
        assert ("db" in workload) is bool(needs), name


PLANNED = """
py37-cpus2 py37-cpus8 py37-cpus40 py37-h11 py37-uvicorn-uvloop py37-uvicorn-asyncio
py37-uvicorn-workers py37-starlette py37-bare py37-pool1 py37-pool8 py37-pool40
py310-latest-pool1 py310-latest-pool8 py310-latest-pool40 py37-2022
py37-table1-sync py38-table1-sync py37-table1-async py38-table1-async
py37-table2-sync py38-table2-sync py37-one-at-a-time py38-one-at-a-time
py37-collect py37-cycles py37-cycles-collect py37-kept py37-arena1 py37-thresholds
py37-killed-uvicorn py37-killed-h11 py37-killed-sync py37-killed-gthread
py39-uvicorn-4 py39-uvicorn-3 py39-tight
py37-flask-dev py37-flask-dev-single py37-flask-dev-low py37-flask-sync py37-flask-low
py37-flask-recycled py37-flask-soak py37-lists-processes
py37-model-sync py38-model-sync py37-model-async py37-model-executor
py37-image py37-image-pool1 py38-numpy-uvloop py38-numpy-asyncio
py37-palette-threads py37-palette-processes py37-predict
py37-upload-once py37-upload-sync py37-upload-async py37-db-multiprocessing py37-db-merged
py37-load-gunicorn py37-load-uvicorn py37-load-hypercorn
py37-original-db py37-original-tight py38-t20 py310-t21
py310-fastapi-sync py37-fastapi-async py37-fastapi-sync py37-flask py38-fastapi-async
py38-fastapi-sync py39-fastapi-sync
"""
"""What the statements of the thread are shown with."""


def test_the_suite_of_the_thread_is_all_that_its_statements_need() -> None:
    assert {name for name in VARIANTS if "thread" in suites(name)} == set(PLANNED.split())


KEPT_MIB, WORKER_MIB = 15.3, 45
"""Memory that a thread retains of `lists`; that of a worker, with its share of the master's."""
NO_ROOM_FOR_ALL = ("py39-tight", "py37-table2-sync")
"""The limit is the point; the published run filled 454 of the 720 threads."""
LISTS = [
    variant
    for variant in read_matrix(COMPOSE, {})
    if variant.axes.workload == "lists"
    and variant.axes.endpoint != "processes"
    and variant.name not in NO_ROOM_FOR_ALL
]


def test_the_doctor_says_what_the_limits_of_the_suite_add_up_to() -> None:
    doctor = " ".join(THREAD.run)
    limits = [v.memory_limit_bytes for v in read_matrix(COMPOSE, {}) if "thread" in suites(v.name)]

    assert f"add up to {sum(limits) >> 30} GiB, the largest is {max(limits) >> 30} GiB" in doctor


def most_threads(variant: Variant, load: OfferedLoad) -> int:
    axes = variant.axes
    if axes.server == "gunicorn-sync" or "LAB_THREADED" in VARIANTS[variant.name]["environment"]:
        return 1
    if axes.server == "flask-dev" or (axes.stack in ANYIO_STACKS and axes.pool_threads is None):
        return load.concurrency
    return threads_that_run(axes, axes.host_cpus or 16, load)[0]


def test_a_limit_holds_what_every_thread_of_the_pool_keeps() -> None:
    for variant in LISTS:
        load = OfferedLoad(variant.load.requests or 1000, variant.load.concurrency or 40)
        expected_mib = most_threads(variant, load) * KEPT_MIB + WORKER_MIB
        needed_bytes = variant.axes.workers * expected_mib * 2**20

        assert variant.memory_limit_bytes >= needed_bytes, variant.name


def test_every_variant_of_a_claim_is_a_service_of_the_suite_thread() -> None:
    needed = {
        name
        for record in read_claims().claims
        for name in (*record.roles.values(), *record.beside.values())
    }
    members = {
        name
        for name, service in SERVICES.items()
        if "thread" in str(mapping(name, service, "labels").get("lab.suite", "")).split()
    }

    assert sorted(needed - members) == []
