# shellcheck shell=sh
# Shared by the shell entry points; sourced with the repository's root as working directory.

say() { printf 'lab: %s\n' "$*" >&2; }

case $(uname -s) in
MINGW* | MSYS* | CYGWIN*) say "Windows: run this inside WSL" && exit 64 ;;
esac

# `NAME=value` a line, from .env; what cannot be read there ends the script that asks.
dotenv=''
if [ -f .env ]; then dotenv=$(LC_ALL=C awk -f scripts/dotenv.awk < .env) || exit 64; fi

# A setting from the environment, else from .env, else the default.
setting() {
    eval "value=\${$1:-}"
    [ -n "$value" ] || value=$(printf '%s\n' "$dotenv" | sed -n "s/^$1=//p" | tail -n 1)
    printf '%s\n' "${value:-$2}"
}

project=$(setting COMPOSE_PROJECT_NAME memlab)
export COMPOSE_PROJECT_NAME="$project"
# All of them: what is created is named one by one, and what is removed is everything.
export COMPOSE_PROFILES=thread

# Compose v2 as docker's plugin, or v1; COMPOSE overrides.
find_compose() {
    chosen=$(setting COMPOSE "")
    if [ -n "$chosen" ]; then
        echo "$chosen"
    elif docker compose version > /dev/null 2>&1; then
        echo "docker compose"
    elif command -v docker-compose > /dev/null; then
        echo "docker-compose"
    else
        return 1
    fi
}

compose_command='' # set by those that call it
# shellcheck disable=SC2086 # one or two words
compose() { $compose_command "$@"; }

# The first Python from 3.11 on that can make virtual environments (a pyenv shim may exist and fail).
find_python() {
    for name in python3 python3.13 python3.12 python3.11 python3.14; do
        "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            > /dev/null 2>&1 && echo "$name" && return
    done
    return 1
}

# The newest build of CPython $1 (such as 3.7) among pyenv's and uv's.
interpreter() {
    for root in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".* "$HOME/.pyenv/versions/$1".* \
        "$HOME/.local/share/uv/python/cpython-$1".*; do
        [ -x "$root/bin/python$1" ] && echo "$root"
    done | sort -V | tail -n 1
}

# Run in the background in a process group of its own, where there is setsid; one signal ends it all.
own_group() {
    if command -v setsid > /dev/null; then exec setsid "$@"; else exec "$@"; fi
}

end_group() {
    kill -TERM -- "-$1" 2> /dev/null || kill -TERM "$1" 2> /dev/null
    wait "$1" 2> /dev/null
}

# docker or process: what ENGINE insists on, else what answers; says in one line which it is.
choose_engine() {
    case $(setting ENGINE auto) in
    process) say "engine: local processes" && echo process ;;
    docker) need_engine && need_compose && echo docker ;;
    *)
        if ! docker version > /dev/null 2>&1; then
            say "engine: local processes, as no Docker Engine answers (ENGINE=docker insists)"
            echo process
        elif ! find_compose > /dev/null; then
            say "engine: local processes, as there is no Compose for the Docker Engine (see make doctor)"
            echo process
        else
            say "engine: Docker" && echo docker
        fi
        ;;
    esac
}

need_compose() {
    find_compose > /dev/null && return
    say "no Compose: install Docker's plugin or docker-compose (see make doctor)"
    return 3
}

need_engine() {
    docker version > /dev/null 2>&1 && return
    say "no Docker Engine answers: start it, or see make doctor"
    return 3
}

# Checked by whatever Python there is, before anything is built; the driver checks again.
check_settings() {
    python=$(find_python) || return 0
    PYTHONPATH=scripts PYTHONDONTWRITEBYTECODE=1 "$python" -m lab check-settings
}

# Containers of the lab's own project for a service; all states.
container_of() {
    docker ps --all --quiet --filter "label=com.docker.compose.project=$project" \
        --filter "label=com.docker.compose.service=$1" --filter "label=com.docker.compose.oneoff=False"
}

# The driver writes results as the user who called; never as root.
set_owner() {
    results=$(setting RESULTS ./results)
    mkdir -p "$results"
    if [ "$(id -u)" = 0 ]; then
        export LAB_UID="${LAB_UID:-1000}" LAB_GID="${LAB_GID:-1000}"
        chown "$LAB_UID:$LAB_GID" "$results"
    else
        export LAB_UID="${LAB_UID:-$(id -u)}" LAB_GID="${LAB_GID:-$(id -g)}"
    fi
    socket=$(setting DOCKER_SOCKET /var/run/docker.sock)
    [ -S "$socket" ] && export DOCKER_GID="${DOCKER_GID:-$(stat -c %g "$socket" 2> /dev/null || stat -f %g "$socket")}"
    case $results in
    /* | ./*) export RESULTS="$results" ;;
    *) export RESULTS="./$results" ;;
    esac
}

# The options of every container that a script runs or creates by itself, on no network unless $1
# names one. What they stand in front of is a stranger's image, or reads a stranger's files.
contained() {
    echo "--pull never --label memlab=helper --label memlab.shell=$project-$$ --network ${1:-none}" \
        "--user ${LAB_UID:-1000}:${LAB_GID:-1000} --cap-drop ALL --security-opt no-new-privileges" \
        "--read-only --tmpfs /tmp:size=64m --pids-limit 256 --memory 1g --memory-swap 1g"
}

# What this script ran or created by itself; with it the volumes that an image asks for.
remove_helpers() {
    { docker ps --all --quiet --filter "label=memlab.shell=$project-$$" |
        xargs -r docker rm --force --volumes; } > /dev/null 2>&1
}

helper_seconds=120

# The command $1 in the driver's image for at most helper_seconds; what follows are docker's options.
# The limit is kept inside, as not every host has a `timeout`.
helper() {
    verb=$1
    shift
    # shellcheck disable=SC2046,SC2086 # words
    docker run --rm $(contained) "$@" --entrypoint timeout memlab-driver \
        --kill-after 5 "$helper_seconds" python3 -m lab $verb
    code=$?
    case $code in
    124) say "${verb%% *} was ended: it was not done after $helper_seconds s" && return 3 ;;
    137) say "${verb%% *} was killed: it is given 1 GiB of memory" && return 3 ;;
    esac
    return "$code"
}

# To look into the image $1 without running anything of it: a container that is created and never
# started. Out of reach of Ctrl-C, so that remove_helpers finds what the engine was asked for.
look_into() {
    look=$project-look-$$
    # shellcheck disable=SC2046 # words
    (own_group docker create $(contained) --name "$look" "$1" nothing)
}

# Whether there is a $1 in what look_into made, of a kind in $2 (as `tar -tv` writes them). Nothing
# is followed or kept, and no more is read than what says its kind: it may be of any size.
image_has() {
    kind=$(docker cp "$look:$1" - 2> /dev/null | head -c 10240 | tar -tvf - 2> /dev/null | head -c 1)
    [ -n "$kind" ] && case $2 in *"$kind"*) ;; *) false ;; esac
}

# The chosen variants, a line each: service, image, memory limit in bytes, other services that it
# needs. Needs the driver's image.
plan() {
    helper plan --volume "$PWD/compose.yaml:/lab/compose.yaml:ro" \
        --env SUITE="$(setting SUITE core)" --env ID="$(setting ID "")" \
        --env VARIANTS="$(setting VARIANTS '*')" \
        --env HOST_CPUS="$(setting HOST_CPUS "")" --env WORKERS="$(setting WORKERS "")" \
        --env REQUESTS="$(setting REQUESTS "")" --env BLOCKS="$(setting BLOCKS "")"
}

# Stop with 64 where a run of this project is under way.
need_no_run() {
    [ -z "$(docker ps --quiet --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.service=driver)" ] && return
    say "a run of project $project is under way: wait for it, or end it with make clean"
    exit 64
}

# The line of a build's log $1 that says why: an installer's own error before the builder's.
reason() {
    clean=$(tr -d '\r\033' < "$1" | sed 's/\[[0-9;]*m//g' | grep -v -e '^ *$' -e '^Service ')
    for pattern in '^ERROR|ERROR:|^E:|no such option|COPY failed' 'error|failed|denied|cannot|non-zero' .; do
        printf '%s\n' "$clean" | grep -E "$pattern" | tail -n 1 | cut -c 1-300 | grep . && return
    done
}

# Run the created driver to its end and exit with its code. It is attached from the background, so
# that a signal reaches it once, and through here.
run_driver() {
    driver=$(container_of driver)
    own_group docker start --attach "$driver" &
    attached=$!
    trap 'docker kill --signal TERM "$driver" > /dev/null 2>&1' INT TERM HUP
    wait "$attached"
    code=$?
    while kill -0 "$attached" 2> /dev/null; do
        wait "$attached"
        code=$?
    done
    exit "$code"
}
