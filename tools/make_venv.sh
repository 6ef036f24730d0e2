#!/bin/sh
# Make .venv with the first Python that is new enough and can.
set -eu

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        # Run it: a version manager's shim exists for versions that it then refuses to start, and Debian's
        # python3 comes without ensurepip.
        if "$name" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

python=$(find_python) || {
    "$(dirname "$0")/require.sh" python-3.11-with-venv:python3-venv
    python=$(find_python)
} || {
    echo "No Python 3.11 or newer with venv and ensurepip was found." >&2
    exit 1
}
"$python" -m venv --clear .venv
