#!/bin/sh
# Set up .venv from the pinned requirements.txt; does nothing when that was done already. With a word,
# such as "ray", it adds what requirements-<word>.txt names.
# Uses uv where it is installed, else venv and pip. PYTHON=... chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "setup: $1" >&2
    exit 1
}

# Where packages come from is the user's to say: an index, a proxy, a certificate. Where they go and
# which they are is not: PIP_USER=1, UV_PREFIX or a PYTHONPATH would lead elsewhere.
own_environment() {
    for name in $(env | sed -nE 's/^((PIP|UV)_[A-Za-z0-9_]*|PYTHON[A-Z0-9_]*)=.*/\1/p'); do
        case $name in
        PYTHON | *INDEX* | *FIND_LINKS* | *CERT* | *TLS* | *PROXY* | *TRUSTED* | *INSECURE*) ;;
        *KEYRING* | *TIMEOUT* | *RETRIES* | *CACHE* | *OFFLINE* | *LINK_MODE* | *CONFIG_FILE*) ;;
        *) unset "$name" ;;
        esac
    done
    unset VIRTUAL_ENV
}

suitable() {
    "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        suitable "$PYTHON" || fail "PYTHON=$PYTHON is not there, or no Python 3.11 or later: name another, or none"
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.14 python; do
        if suitable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or later found; install one, or name it: make book PYTHON=/path/to/python"
}

behind() {
    "$1" -c 'import sys; print(sys.base_prefix, sys.version_info[:2])'
}

create() {
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --python "$python" .venv
    else
        "$python" -m venv .venv
    fi
}

# pip, if that is to install, gets the environment's own settings: its files may lead elsewhere too.
prepare_pip() {
    command -v uv >/dev/null 2>&1 && return
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    settings=$(.venv/bin/python tools/environment.py sources)
    eval "$settings"
}

# Bytecode is compiled once, here: where PYTHONDONTWRITEBYTECODE is set, each process would otherwise
# take 20 s to import torch, torchvision and timm instead of 7.
install() {
    if command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --python .venv/bin/python --compile-bytecode "$@"
    else
        .venv/bin/python -m pip install --quiet --compile "$@"
    fi
}

# What to do, in one line. What an installer said stands above it where the reason is not known.
explain() {
    free=$(df -Pk . | awk 'NR == 2 { printf "%.1f", $4 / 1e6 }')
    [ -e "$stamp" ] || rm -rf .venv # it was not even created
    case "$1 $free" in
    *"No space left"* | *"os error 28"* | *ensurepip*" 0.0")
        fail "the disk is full: about 7 GB are needed, $free are free; make room, then the same again" ;;
    *ensurepip*)
        fail "this Python cannot make virtual environments; install its venv module (on Debian: python3-venv) or uv" ;;
    *"No matching distribution"* | *[Cc]onnect* | *"timed out"* | *"dns error"* | *"ailed to fetch"*)
        fail "no package index answered: is there a network? HTTPS_PROXY names a proxy, PIP_INDEX_URL (for uv UV_DEFAULT_INDEX) a mirror; then the same again" ;;
    esac
    printf '%s\n' "$1" | grep -v -e '^WARNING' -e '^\[notice\]' >&2
    fail "the environment was not made, for the reason above; the same command tries again"
}

# What only some need: `setup.sh ray`.
add_extra() {
    [ -n "$extra" ] || return 0
    pins="requirements-$extra.txt" with=".venv/with-$extra"
    listed=$(cksum <"$pins")
    [ "$(cat "$with" 2>/dev/null)" != "$listed" ] || return 0
    prepare_pip
    echo "setup: adding what $pins names to .venv" >&2
    said=$(install -r "$pins" 2>&1) || explain "$said"
    echo "$listed" >"$with"
}

# Two commands at once, in two terminals, set up one after the other.
if command -v flock >/dev/null 2>&1; then
    exec 9<tools/setup.sh
    flock 9
fi

# For a command that makes an environment of its own.
if [ "${1:-}" = --which ]; then
    find_python
    exit 0
fi

extra=${1:-}
own_environment
wanted=$({
    cat requirements.txt tools/setup.sh tools/environment.py
    sed -n '/^\[project/,/^\[tool/p' pyproject.toml # its commands are scripts of the environment
} | cksum)
stamp=.venv/set-up # "checksum size place", or "unfinished" while packages are being installed
read -r sum size made_at 2>/dev/null <"$stamp" || sum='' size='' made_at=''
place=$(cd -P .venv 2>/dev/null && pwd) || place=''
if [ -n "${PYTHON:-}" ]; then
    python=$(find_python)
    if suitable .venv/bin/python && [ "$(behind "$python")" != "$(behind .venv/bin/python)" ]; then
        fail "PYTHON=$PYTHON is not what .venv was made with: remove .venv, or name no PYTHON"
    fi
fi
if [ "$sum $size" = "$wanted" ] && [ "$made_at" = "$place" ] && suitable .venv/bin/python; then
    add_extra
    exit 0
fi

[ -w . ] || fail "$PWD cannot be written: copy the project to a folder of your own"
if [ "$sum" = unfinished ] || ! suitable .venv/bin/python; then
    python=$(find_python)
    rm -rf .venv
    said=$(create 2>&1) || explain "$said"
    place=$(cd -P .venv && pwd)
    sum='' made_at=$place
fi
prepare_pip
if [ "$sum $size" != "$wanted" ]; then
    echo "setup: installing the pinned packages into .venv (about 7 GB with torch, once)" >&2
    echo unfinished >"$stamp"
    said=$(install -r requirements.txt 2>&1) || explain "$said"
fi
# The environment imports the project from where it is, and its scripts name their own place.
[ "${made_at:-$place}" = "$place" ] || echo "setup: .venv was made at $made_at, and is used here from now on" >&2
.venv/bin/python tools/environment.py moved "${made_at:-$place}" "$place"
said=$(install --no-deps --no-build-isolation -e . 2>&1) || explain "$said"
echo "$wanted $place" >"$stamp"
add_extra
