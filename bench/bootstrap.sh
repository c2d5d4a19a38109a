#!/bin/sh
# Makes .venv from uv.lock. This is the one place that decides where Python comes from; where
# PostgreSQL comes from is decided in bench/database/binaries.py. Inside `nix develop` neither
# runs: ONECORE_PYTHON names the store's Python and the Makefile never calls this file.
#
# It needs a C library, some Python 3 without any extra module, and the package index.
set -eu
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
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
    python3 - "$UV_VERSION" "$tools/uv" <<'PYTHON' || exit 1
import hashlib, io, os, platform, sys, urllib.request, zipfile

version, destination = sys.argv[1:]
host = "https://files.pythonhosted.org/packages/"
WHEELS = {
    "x86_64": (
        "3d/aa/26d64642d808de4a652579ef950d7cd2d37f080a8babf9c67c6b75fc4c3f/"
        "uv-{}-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    "aarch64": (
        "fe/2f/51a5de367c602592c018a42a23d57fba5f2689fe6c3bf025dcf043b39c61/"
        "uv-{}-py3-none-manylinux_2_28_aarch64.whl",
        "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
    ),
}
remedy = "Or put uv {} on PATH yourself.".format(version)
if platform.machine() not in WHEELS:
    sys.exit("onecore: no pinned uv for {}. {}".format(platform.machine(), remedy))
path, expected = WHEELS[platform.machine()]
try:
    wheel = urllib.request.urlopen(host + path.format(version), timeout=120).read()
except OSError as error:
    sys.exit("onecore: cannot download uv: {}. Check the network and proxy. {}".format(error, remedy))
if hashlib.sha256(wheel).hexdigest() != expected:
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
    "$uv" python install --quiet "$wanted" 2>/dev/null &&
        "$uv" python find --no-python-downloads --no-project "$wanted" 2>/dev/null && return
    # Once more for uv's own words: one that is there may be broken.
    "$uv" python find --no-python-downloads --no-project "$wanted" >/dev/null || true
    fail "no Python $wanted found on PATH, in pyenv or by uv, and none could be downloaded." \
        "Install one (Debian 13: apt install python3; pyenv install $wanted; or use nix develop) and run make again."
}

uv=$(find_uv)
python=$(find_python)
# Byte-compiled, so that a service user who cannot write here does not compile at every start.
"$uv" sync --frozen --quiet --no-python-downloads --python "$python" --all-groups --compile-bytecode ||
    fail "cannot make .venv from uv.lock (see above). Nothing else was changed; run make again when it is mended."
touch .venv/.complete
