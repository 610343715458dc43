# shellcheck shell=sh
# What every entry point needs: messages, settings, a Python. Sourced with the repository's root as
# working directory.

# Without what steers a terminal: control characters, those of two bytes in UTF-8, too.
plain() { LC_ALL=C tr -d '\000-\010\013-\037\177' | LC_ALL=C sed "s/$(printf '\302[\200-\237]')//g"; }

# On one line, whatever a name or a log holds.
say() { printf 'lab: %s\n' "$(printf '%s' "$*" | tr '\n' ' ' | plain)" >&2; }

case $(uname -s) in
MINGW* | MSYS* | CYGWIN*) say "Windows: run this inside WSL" && exit 64 ;;
esac

# `NAME=value` a line, from .env; what cannot be read there ends the script that asks.
dotenv=''
# Compose would wait for a pipe, and read a device without end.
if [ -e .env ] && [ ! -f .env ]; then say ".env is not a file: write one in its place, or remove it" && exit 64; fi
if [ -f .env ]; then dotenv=$(LC_ALL=C awk -f scripts/shell/dotenv.awk < .env) || exit 64; fi

# A setting from the environment, else from .env, else the default.
setting() {
    eval "value=\${$1:-}"
    [ -n "$value" ] || value=$(printf '%s\n' "$dotenv" | sed -n "s/^$1=//p" | tail -n 1)
    printf '%s\n' "${value:-$2}"
}

# The first Python from 3.11 on that can make virtual environments (a pyenv shim may exist and fail).
find_python() {
    for name in python3 python3.13 python3.12 python3.11 python3.14; do
        "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            > /dev/null 2>&1 && echo "$name" && return
    done
    return 1
}

# Checked by whatever Python there is, before anything is built; the driver checks again.
check_settings() {
    python=$(find_python) || return 0
    PYTHONPATH=scripts PYTHONDONTWRITEBYTECODE=1 "$python" -m lab check-settings
}
