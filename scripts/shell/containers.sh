# shellcheck shell=sh
# What a script runs or creates by itself, builds in the background, and removes again. Sourced like
# engine.sh, which it brings with it.
. scripts/shell/engine.sh
. scripts/shell/contained.sh

# Run in the background in a process group of its own, where there is setsid; one signal ends it all.
own_group() {
    if command -v setsid > /dev/null; then exec setsid "$@"; else exec "$@"; fi
}

end_group() {
    kill -TERM -- "-$1" 2> /dev/null || kill -TERM "$1" 2> /dev/null
    wait "$1" 2> /dev/null
}

# The exit code of $1, which runs in the background. A signal that a trap passes on to it ends `wait`,
# and not what is waited for.
wait_through() {
    wait "$1"
    code=$?
    while kill -0 "$1" 2> /dev/null; do
        wait "$1"
        code=$?
    done
    return "$code"
}

# What an image $1 is, on the bases $2 and of the files that a builder is sent; fails where one is not here.
state_of() {
    # shellcheck disable=SC2086 # one word a base
    ids=$(docker image inspect --format '{{.Id}}' "$1" $2 2> /dev/null) || return
    { echo "$ids"; find apps images scripts compose.yaml -name __pycache__ -prune -o -type f -exec sha256sum {} + |
        sort -k 2; } | sha256sum
}
states=.environments/built

# Whether the image $1 is what was built last, of what is here now: a builder that has all layers
# takes seconds to say so.
is_built() { state=$(state_of "$1" "$2") && [ "$(cat "$states/$1" 2> /dev/null)" = "$state" ]; }

# Write down that it was built; where nothing can be written it is built again.
note_built() {
    state=$(state_of "$1" "$2") && mkdir -p "$states" 2> /dev/null && { echo "$state" > "$states/$1"; } 2> /dev/null || :
}

# What this script ran or created by itself; with it the volumes that an image asks for.
remove_helpers() {
    { docker ps --all --quiet --filter "label=memlab.shell=$project-$$" |
        xargs -r docker rm --force --volumes; } > /dev/null 2>&1
}

# A folder with all that an app left in it, whose own folders may be closed to a user who is not root.
remove_folder() {
    chmod -R u+rwX "$1" 2> /dev/null
    rm -rf "$1"
}

helper_seconds=120

# The command $1 in the driver's image for at most helper_seconds; what follows are docker's options.
# The limit is kept inside, as not every host has a `timeout`.
helper() {
    verb=$1
    shift
    # shellcheck disable=SC2046,SC2086 # words
    docker run --rm $(contained) "$@" --workdir /lab --entrypoint timeout "memlab-driver$LAB_TAG" \
        --kill-after 5 "$helper_seconds" python3 -m lab $verb
    code=$?
    case $code in
    124) say "${verb%% *} was ended: it did not end within $helper_seconds s" && return 3 ;;
    137) say "${verb%% *} was killed: it is given 1 GiB of memory" && return 3 ;;
    esac
    return "$code"
}

# The chosen variants, a line each: service, image, memory limit in bytes, other services that it
# needs. Needs the driver's image.
plan() {
    helper plan --volume "$PWD/compose.yaml:/lab/compose.yaml:ro" \
        --env SUITE="$(setting SUITE core)" --env ID="$(setting ID "")" \
        --env VARIANTS="$(setting VARIANTS '*')" \
        --env HOST_CPUS="$(setting HOST_CPUS "")" --env WORKERS="$(setting WORKERS "")" \
        --env TRIALS="$(setting TRIALS 1)" \
        --env REQUESTS="$(setting REQUESTS "")" --env BLOCKS="$(setting BLOCKS "")"
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

# The line of a build's log $1 that says why: an installer's own error before the builder's.
reason() {
    clean=$(plain < "$1" | sed 's/\[[0-9;]*m//g' | grep -v -e '^ *$' -e '^Service ')
    for pattern in '^ERROR|ERROR:|^E:|no such option|COPY failed' 'error|failed|denied|cannot|non-zero' .; do
        printf '%s\n' "$clean" | grep -E "$pattern" | tail -n 1 | cut -c 1-300 | grep . && return
    done
}

# Bring the container $1 into the network $2: Compose v1 leaves all but the first of a service for its
# own start.
join() {
    names=$(docker inspect --format '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}' "$1")
    case " $names" in *" $2 "*) ;; *) docker network connect "$2" "$1" ;; esac
}

# Exit with the driver's code $1. Of a driver that was killed a report is made of what it had written,
# by the command that follows.
end_with() {
    case $1 in 134 | 135 | 137 | 139) ;; *) exit "$1" ;; esac
    say "the driver was killed (exit code $1): its raw files are kept; a report is made of them"
    shift
    "$@" || say "no report could be made: nothing had been written, or see make report"
    exit 3
}

# The driver as a local process: one that waits here, so that its death is seen.
run_local() {
    verb=$1
    # shellcheck disable=SC2086 # one word
    LAB_IN_BACKGROUND=1 .venv/bin/python -m lab $verb &
    driver=$!
    trap 'kill -TERM "$driver" 2> /dev/null' TERM HUP
    trap : INT # the terminal tells both
    wait_through "$driver"
    code=$?
    trap 'exit 130' INT TERM HUP
    end_with "$code" .venv/bin/python -m lab report --unfinished
}

# Run the created driver to its end. It is attached from the background, so that a signal reaches it
# once, and through here.
await_driver() {
    # shellcheck disable=SC2034 # scripts/try reads it
    interrupted=''
    driver=$(container_of driver)
    join "$driver" "$COMPOSE_PROJECT_NAME"_lab || { say "the driver cannot join its networks"; return 3; }
    own_group docker start --attach "$driver" &
    attached=$!
    trap 'interrupted=1; docker kill --signal TERM "$driver" > /dev/null 2>&1' INT TERM HUP
    wait_through "$attached"
}

# The report of the newest run, which its driver did not bring to an end.
report_unfinished() {
    helper_seconds=600
    helper "report --unfinished" --volume "$(cd "$RESULTS" && pwd):/lab/results"
}
