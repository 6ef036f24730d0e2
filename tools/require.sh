#!/bin/sh
# Usage: require.sh COMMAND:PACKAGE...
# Install the Debian package of each command that is missing where that is ours to do (root, apt-get);
# elsewhere say what is missing and how to get it.
set -eu

commands=
packages=
for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null && continue
    commands="$commands ${pair%%:*}"
    packages="$packages ${pair#*:}"
done
[ -n "$packages" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing:$commands" >&2
    echo "On Debian: sudo apt-get install$packages" >&2
    echo "Elsewhere: install what brings these commands, then try again." >&2
    exit 1
fi

echo "Installing$packages"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
# shellcheck disable=SC2086 # one word a package
apt-get -qq install --yes --no-install-recommends $packages >/dev/null
