#!/bin/sh
# Makes .venv from uv.lock. This is the one place that decides where Python comes from; where
# PostgreSQL comes from is decided in bench/database/binaries.py. Inside `nix develop` neither
# runs: ONECORE_PYTHON names the store's Python and the Makefile never calls this file.
#
# It needs a C library, some Python 3 without any extra module, and the package index.
set -eu
cd "$(dirname "$0")/.."

# Version, addresses and hashes of uv: nix/uv.nix reads the same file.
UV_PIN=bench/uv.json
UV_VERSION=$(sed -n 's/^ *"version": "\(.*\)",$/\1/p' "$UV_PIN")
tools=.tools

fail() {
    echo "onecore: $*" >&2
    exit 1
}

has_pinned_uv() {
    [ -x "$1" ] && [ "$("$1" --version 2>/dev/null | cut -d' ' -f2)" = "$UV_VERSION" ]
}

# uv of the pinned version: from PATH, else from an earlier run, else its wheel. The wheel is
# taken by Python's own library, since a bare Debian has a python3 with neither venv nor pip.
find_uv() {
    for uv in "$(command -v uv || true)" "$tools/uv"; do
        if has_pinned_uv "$uv"; then
            echo "$uv"
            return
        fi
    done
    command -v python3 >/dev/null ||
        fail "no python3 on PATH. Install one (Debian: apt install python3), any version will do."
    echo "onecore: getting uv $UV_VERSION into $tools/" >&2
    mkdir -p "$tools"
    python3 - "$UV_PIN" "$tools/uv" <<'PYTHON' || exit 1
import hashlib, io, json, os, platform, sys, urllib.request, zipfile

pin_file, destination = sys.argv[1:]
with open(pin_file) as file:
    pin = json.load(file)
version, wheels = pin["version"], pin["wheels"]
remedy = "Or put uv {} on PATH yourself.".format(version)
if platform.machine() not in wheels:
    sys.exit("onecore: no pinned uv for {}. {}".format(platform.machine(), remedy))
pinned = wheels[platform.machine()]
try:
    wheel = urllib.request.urlopen(pinned["url"], timeout=120).read()
except OSError as error:
    sys.exit("onecore: cannot download uv: {}. Check the network and proxy. {}".format(error, remedy))
if hashlib.sha256(wheel).hexdigest() != pinned["sha256"]:
    sys.exit("onecore: the downloaded uv is not the pinned one (sha256 differs). {}".format(remedy))
archive = zipfile.ZipFile(io.BytesIO(wheel))
binary = archive.read("uv-{}.data/scripts/uv".format(version))
with open(destination + ".new", "wb") as out:
    out.write(binary)
os.chmod(destination + ".new", 0o755)
os.rename(destination + ".new", destination)
PYTHON
    echo "$tools/uv"
}

# A Python of the pinned version: uv's own and PATH first, then pyenv's folder, then a download.
find_python() {
    wanted=$(cat .python-version)
    "$uv" python find --no-python-downloads --no-project "$wanted" 2>/dev/null && return
    for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$wanted"*/bin/python"$wanted"; do
        if [ -x "$python" ]; then
            echo "$python"
            return
        fi
    done
    # Inside the project, so that an unprivileged service user can reach it.
    export UV_PYTHON_INSTALL_DIR="$PWD/$tools/python"
    "$uv" python install --quiet "$wanted" &&
        "$uv" python find --no-python-downloads --no-project "$wanted" && return
    fail "no Python $wanted found on PATH, in pyenv or by uv, and none could be downloaded (see above)." \
        "Install one (Debian 13: apt install python3; pyenv install $wanted; or use nix develop) and run make again."
}

uv=$(find_uv)
python=$(find_python)
# A busy machine may take more than uv's one minute to start a Python.
export UV_COMPILE_BYTECODE_TIMEOUT="${UV_COMPILE_BYTECODE_TIMEOUT:-600}"
# Byte-compiled, so that a service user who cannot write here does not compile at every start.
"$uv" sync --frozen --quiet --no-python-downloads --python "$python" --all-groups --compile-bytecode ||
    fail "cannot make .venv from uv.lock (see above). Nothing else was changed; run make again when it is mended."
touch .venv/.complete
