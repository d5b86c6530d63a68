#!/bin/sh
# Set up .venv from the pinned requirements.txt; does nothing when that was done already.
# Uses uv where it is installed, else venv and pip. PYTHON=... chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."

suitable() {
    "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
        if suitable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "setup: no Python 3.11 or later found; install one, or name it: make book PYTHON=/path/to/python" >&2
    return 1
}

create() {
    python=$(find_python)
    if command -v uv >/dev/null 2>&1; then
        uv venv --quiet --python "$python" .venv
    elif ! "$python" -m venv .venv; then
        rm -rf .venv
        echo "setup: this Python cannot make virtual environments; install its venv module (on Debian: python3-venv) or uv" >&2
        return 1
    fi
}

# Bytecode is compiled once, here: where PYTHONDONTWRITEBYTECODE is set, each process would otherwise
# take 20 s to import torch, torchvision and timm instead of 7.
install() {
    if command -v uv >/dev/null 2>&1; then
        uv pip install --quiet --compile-bytecode --python .venv/bin/python -r requirements.txt
        uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
    else
        .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
        .venv/bin/python -m pip install --quiet --compile -r requirements.txt
        .venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
    fi
}

wanted=$(cat requirements.txt tools/setup.sh | cksum)
stamp=.venv/set-up
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && suitable .venv/bin/python; then
    exit 0
fi
suitable .venv/bin/python || { rm -rf .venv; create; }
echo "setup: installing the pinned packages into .venv (about 6 GB with torch, once)" >&2
rm -f "$stamp"
install
echo "$wanted" >"$stamp"
