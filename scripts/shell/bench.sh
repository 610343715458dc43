# shellcheck shell=sh
# make bisect and make layers where they cannot be local processes of this host: the same local
# processes in one container of the driver's image. Sourced like containers.sh, which it brings with it.
. scripts/shell/containers.sh

bench_settings="HOST_CPUS MATTERS LANES MEMORY_BUDGET PACKAGE GOOD BAD PYTHON FAIL_ON LAB_PROBES EXAMPLE"
# Where packages come from, as this host's own uv is told.
bench_sources="UV_DEFAULT_INDEX UV_INDEX_URL UV_INDEX UV_EXTRA_INDEX_URL UV_NATIVE_TLS
    HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy"
bench_memory=5g
bench_budget=4g
bench_pids=4096

# Whether ENGINE insists on a container, or this host has no Python and an engine.
is_in_container() {
    case $(setting ENGINE auto) in
    docker) need_engine || exit $? ;;
    process) return 1 ;;
    *) ! find_python > /dev/null && docker version > /dev/null 2>&1 ;;
    esac
}

# Whether make $1 can search what it is asked to; where not, one line says so before anything is
# installed or built. Without a Python the container says it.
check_searched() {
    python=$(find_python) || return 0
    PYTHONPATH=scripts PYTHONDONTWRITEBYTECODE=1 "$python" -m lab bench-pythons "$1" > /dev/null
}

# The image of the driver with uv and the Pythons $1, such as "3.8 3.13"; its own is 3.12. One that
# cannot be had is left out. A folder of each may stand anywhere: a Python finds itself, and its
# library is in the loader's default path.
bench_recipe() {
    copies='' path=''
    for minor in $1; do
        key=$(echo "$minor" | tr -d .) base=''
        eval "base=\$BASE_PY$key"
        case $minor,$base in 3.12,* | *:missing) continue ;; esac
        echo "FROM $base AS py$key"
        echo "RUN mkdir -p /bench/opt/pythons /bench/usr/lib && cp -a /usr/local /bench/opt/pythons/$minor" \
            "&& find /usr/lib /usr/local/lib -maxdepth 1 -name 'libpython$minor*.so*' -exec cp -a {} /bench/usr/lib/ ';'"
        copies="$copies
COPY --from=py$key /bench /"
        path="$path:/opt/pythons/$minor/bin"
    done
    cat << END
FROM memlab-driver$LAB_TAG
RUN PIP_ROOT_USER_ACTION=ignore python3 -m pip install --no-cache-dir --disable-pip-version-check \
--no-warn-script-location --require-hashes -r /lab/images/locks/process.txt$copies
ENV PATH=\$PATH$path
END
}

bench_build() {
    docker build --force-rm "$@" > "$bench_work/log" 2>&1 ||
        { say "an image cannot be built: $(reason "$bench_work/log")"; exit 3; }
}

bench_bases() {
    found=$(LAB_PYTHONS="$1" scripts/shell/bases) || exit 3
    eval "$(echo "$found" | sed 's/^/export /')"
}

# shellcheck disable=SC2329 # by the trap
bench_end() {
    trap '' INT TERM HUP
    remove_helpers
    bench_keep "$bench_results"
    remove_folder "$bench_work"
}

# The container writes into an empty folder of its own: the app in it has a network, and earlier runs
# are nobody else's business. What comes of it is moved beside them; nothing there is replaced.
bench_results=''
bench_keep() {
    [ -n "$1" ] && [ -d "$1" ] || return 0
    latest=$(readlink "$1/latest" 2> /dev/null)
    for run in "$1"/[0-9]*; do
        name=${run##*/}
        case $name in *[!A-Za-z0-9._-]*) continue ;; esac
        [ -d "$run" ] && [ ! -L "$run" ] && [ ! -e "$RESULTS/$name" ] && [ ! -L "$RESULTS/$name" ] || continue
        mv "$run" "$RESULTS/$name" || continue
        if [ "$latest" = "$name" ] && { [ -L "$RESULTS/latest" ] || [ ! -e "$RESULTS/latest" ]; }; then
            ln -sfn "$name" "$RESULTS/latest"
        fi
    done
    remove_folder "$1"
}

# A folder below the results, which whoever is killed leaves there; what a killed one left is kept.
bench_begin() {
    for left in "$RESULTS"/.bench-*; do
        [ -d "$left" ] && [ ! -L "$left" ] || continue
        is_alive "${left##*-}" && continue
        [ -z "$(docker ps --quiet --filter "name=$project-bench-${left##*-}")" ] && bench_keep "$left"
    done
    bench_results=$RESULTS/.bench-$$
    mkdir -m 700 "$bench_results" || exit 3
    [ "$(id -u)" != 0 ] || chown "$LAB_UID:$LAB_GID" "$bench_results"
}

# The app as the container's user can read it, in $bench_work/app; where the container sees it is in
# $app, empty for an example, which is among the lab's own.
bench_app() {
    own=$(setting APP "") app=''
    mkdir "$bench_work/app"
    [ -n "$own" ] || return
    folder=$own
    [ -d "$own" ] || folder=$(dirname "$own")
    folder=$(cd "$folder" 2> /dev/null && pwd -P) || { say "APP=$own is not there"; exit 64; }
    app_path=/lab/own/$(basename "$folder" | tr -c 'A-Za-z0-9._\n' -)
    app=$app_path
    [ -d "$own" ] || app=$app_path/$(basename "$own")
    tar -C "$folder" -c --exclude=.git --exclude=.venv --exclude=venv --exclude=node_modules --exclude=__pycache__ . |
        tar -C "$bench_work/app" -x || { say "$folder cannot be copied"; exit 64; }
    chmod -R a+rX "$bench_work/app"
}

# make $1 in a container: with a network, as packages are installed for each point, and without
# capabilities, root or Docker's socket; of this host it sees the app, the lab and
# an empty folder for its results.
bench() {
    [ -z "$(setting GIT "")" ] || {
        say "GIT= needs git and what builds the package: run it as local processes, with a Python from 3.11 on"
        exit 64
    }
    say "engine: Docker, one container in which the app and its changes are local processes"
    set_owner
    bench_work=$(mktemp -d) app_path=/lab/own/none
    trap bench_end EXIT
    bench_app
    mkdir -p .environments/docker "$RESULTS"
    bench_begin
    [ "$(id -u)" != 0 ] || chown "$LAB_UID:$LAB_GID" .environments/docker
    say "building the driver"
    bench_bases 3.12
    bench_build --build-arg PYTHON_IMAGE="$BASE_PY312" --file images/driver.Dockerfile --tag "memlab-driver$LAB_TAG" .
    # shellcheck disable=SC2046 # words
    pythons=$(helper "bench-pythons $1" $(bench_given) --env APP="$app" \
        --volume "$PWD/apps:/lab/apps:ro" --volume "$bench_work/app:$app_path:ro") || exit $?
    say "building the bench, with Python $pythons"
    bench_bases "$pythons"
    bench_recipe "$pythons" > "$bench_work/Dockerfile"
    bench_build --tag "memlab-bench$LAB_TAG" - < "$bench_work/Dockerfile"
    bench_run "$1"
}

# Settings that were given, as options of docker; none of them holds a space.
bench_given() {
    for name in $bench_settings; do
        value=$(setting "$name" "")
        [ -z "$value" ] || printf -- '--env %s ' "$name=$value"
    done
}

# Of what is not set docker passes nothing on; its value is not on the command line.
bench_from() {
    # shellcheck disable=SC2086 # words
    printf -- '--env %s ' $bench_sources
}

bench_run() {
    name=$project-bench-$$
    memory=$(setting MEMORY_BUDGET auto)
    [ "$memory" != auto ] || memory=$bench_memory
    certificates=${SSL_CERT_FILE:-/dev/null}
    [ -z "${SSL_CERT_FILE:-}" ] || set -- "$1" --env SSL_CERT_FILE=/lab/certificates.pem --env REQUESTS_CA_BUNDLE=/lab/certificates.pem
    verb=$1
    shift
    # shellcheck disable=SC2046 # words; the last of an option that stands twice counts
    own_group docker run --rm --init --name "$name" --workdir /lab $(contained bridge) --pids-limit "$bench_pids" \
        --memory "$memory" --memory-swap "$memory" --tmpfs /tmp:size=512m,exec --sysctl net.ipv4.tcp_tw_reuse=1 \
        --env MEMORY_BUDGET="$bench_budget" $(bench_given) $(bench_from) "$@" \
        --volume "$certificates:/lab/certificates.pem:ro" \
        --volume "$PWD/compose.yaml:/lab/compose.yaml:ro" --volume "$PWD/apps:/lab/apps:ro" \
        --volume "$PWD/images:/lab/images:ro" --volume "$bench_work/app:$app_path:ro" \
        --volume "$PWD/.environments/docker:/lab/.environments" \
        --volume "$(cd "$bench_results" && pwd -P):/lab/results" \
        --env APP="$app" --env RESULTS=/lab/results --env ENGINE=process --env HOME=/tmp --env USER=lab \
        --env LAB_GIT_COMMIT="${LAB_GIT_COMMIT:-}" --env LAB_COMMAND="${LAB_COMMAND:-}" \
        "memlab-bench$LAB_TAG" "$verb" &
    attached=$!
    trap 'docker kill --signal TERM "$name" > /dev/null 2>&1' INT TERM HUP
    wait_through "$attached"
    code=$?
    trap 'exit 130' INT TERM HUP
    exit "$code"
}
