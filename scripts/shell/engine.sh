# shellcheck shell=sh
# Which engine, and what is run on it by name: Compose, containers, the driver. Sourced like
# settings.sh, which it brings with it.
. scripts/shell/settings.sh

# Of each clone its own: two on one host share neither containers nor images. What the environment or
# make's line names is taken as it is.
clone=$(printf '%08x' "$(pwd -P | cksum | cut -d ' ' -f 1)")
project=${COMPOSE_PROJECT_NAME:-$(setting COMPOSE_PROJECT_NAME memlab)-$clone}
export COMPOSE_PROJECT_NAME="$project" LAB_TAG=":$clone"
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
    say "no Compose was found: install Docker's plugin or docker-compose (see make doctor)"
    return 3
}

need_engine() {
    docker version > /dev/null 2>&1 && return
    say "no Docker Engine answers: start it, or see make doctor"
    return 3
}

# The lock of a project is a volume: the engine makes one of a name once, and says who asked first.
# It is held from before anything is built, and holds no data.
lock_holder() {
    docker volume inspect --format '{{index .Labels "memlab.holder"}}' "$COMPOSE_PROJECT_NAME-lock" 2> /dev/null |
        tr -cd 'A-Za-z0-9.:-' | cut -c 1-80
}

has_lock() { [ "$(lock_holder)" = "$(uname -n):$$" ]; }

ask_for_lock() {
    docker volume create --label memlab=lock --label "memlab.holder=$(uname -n):$$" \
        "$COMPOSE_PROJECT_NAME-lock" > /dev/null || { say "the engine cannot make a volume"; exit 3; }
    has_lock
}

# Stop with 64 where a run of this project is under way, on whatever host; what was killed on this one
# holds nothing, once its driver has ended.
take_lock() {
    if ask_for_lock; then
        no_driver_runs && return
        # What has no lock must not find at its end that it has one.
        give_back_lock
        held="none: its script is gone"
    else
        held=$(lock_holder)
        if [ "${held%:*}" = "$(uname -n)" ] && ! is_alive "${held##*:}" && no_driver_runs; then
            give_back_lock
            ask_for_lock && { remove_left "${held##*:}"; return; }
        fi
    fi
    say "a run of project $COMPOSE_PROJECT_NAME is under way (process $held): wait for it, or end it with make clean"
    exit 64
}

# What the killed script $1 of this project left. Helpers of another script, such as a report's, stay.
remove_left() {
    helpers=$(docker ps --all --quiet --filter "label=memlab.shell=$project-$1")
    printf '%s\n' "$helpers" | xargs -r docker rm --force --volumes > /dev/null 2>&1
    remove_project
    [ -n "$helpers$containers$networks$volumes" ] || return 0
    containers=$(printf '%s\n' "$helpers" "$containers" | sort -u)
    say "removed what a killed run had left: $(lines "$containers") containers, $(lines "$networks") networks, $(lines "$volumes") volumes"
}

# All that Compose made for this project, and names of what it was. Asked of the engine itself: Compose
# v1 takes a second of a core to begin.
remove_project() {
    of_project="label=com.docker.compose.project=$COMPOSE_PROJECT_NAME"
    containers=$(docker ps --all --quiet --filter "$of_project")
    networks=$(docker network ls --quiet --filter "$of_project")
    volumes=$(docker volume ls --quiet --filter "$of_project")
    # A few at a time: each waits for its file system.
    printf '%s\n' "$containers" | xargs -r -n 3 -P 4 docker rm --force --volumes > /dev/null 2>&1
    printf '%s\n' "$networks" | xargs -r docker network rm > /dev/null 2>&1
    printf '%s\n' "$volumes" | xargs -r docker volume rm > /dev/null 2>&1
}

lines() { printf '%s\n' "$1" | grep -c . || true; }

# Whether there is such a process, be it another user's.
is_alive() { kill -0 "$1" 2> /dev/null || [ -e "/proc/$1" ]; }

no_driver_runs() {
    [ -z "$(docker ps --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" --filter label=com.docker.compose.service=driver)" ]
}

give_back_lock() { docker volume rm "$COMPOSE_PROJECT_NAME-lock" > /dev/null 2>&1; }

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
