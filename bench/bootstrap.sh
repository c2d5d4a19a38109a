#!/bin/sh
# Makes .venv from uv.lock. This is the one place that decides where Python comes from; where
# PostgreSQL comes from is decided in bench/database/binaries.py. Inside `nix develop` neither
# runs: ONECORE_PYTHON names the store's Python and the Makefile never calls this file.
#
# It needs a C library, some Python 3 without any extra module, and the package index.
set -eu

# The user's environment says how things are fetched, and where a Python may be found. What is made
# of them, and where, is said here and in uv.lock: any other variable is gone. (UV_PROJECT_ENVIRONMENT
# of another project would have that project's environment filled with this one's packages.)
let_through="
    PATH HOME USER LOGNAME TMPDIR XDG_CACHE_HOME XDG_DATA_HOME LD_LIBRARY_PATH
    http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
    SSL_CERT_FILE SSL_CERT_DIR
    UV_CACHE_DIR UV_NO_CACHE UV_LINK_MODE UV_OFFLINE UV_SYSTEM_CERTS UV_NATIVE_TLS UV_INSECURE_HOST
    UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_KEYRING_PROVIDER
    UV_HTTP_TIMEOUT UV_HTTP_RETRIES UV_REQUEST_TIMEOUT UV_COMPILE_BYTECODE_TIMEOUT
    UV_CONCURRENT_DOWNLOADS UV_CONCURRENT_BUILDS UV_CONCURRENT_INSTALLS
    UV_PYTHON UV_PYTHON_DOWNLOADS UV_PYTHON_INSTALL_MIRROR PYENV_ROOT
"
if [ "${ONECORE_BOOTSTRAP-}" != "$$" ]; then
    set --
    for name in $let_through; do
        eval "[ -z \"\${$name+set}\" ]" || eval "set -- \"\$@\" \"$name=\$$name\""
    done
    exec env -i "$@" LC_ALL=C.UTF-8 UV_NO_CONFIG=1 ONECORE_BOOTSTRAP=$$ sh "$0"
fi

cd "$(dirname "$0")/.."
here=$(pwd -P)
tools=.tools
umask 022 # services' users must be able to read what is made here

fail() {
    echo "onecore: $*" >&2
    exit 1
}

mkdir -p "$tools" 2>/dev/null && (: >"$tools/lock") 2>/dev/null ||
    fail "cannot write in $here, where Python's packages are installed." \
        "Run make as its owner, or in a copy of your own (git clone)."

# Two that begin at once would be in each other's way. The kernel gives the lock back.
exec 9>"$tools/lock"
if command -v flock >/dev/null && ! flock --nonblock 9; then
    echo "onecore: another make is setting up Python here; waiting for it" >&2
    flock 9
fi

# What somebody else has made is not emptied. Ours has a mark from the beginning.
if [ -e .venv ] && [ ! -e .venv/.complete ] && [ ! -e .venv/.begun ]; then
    fail "there is a .venv in $here that the lab has not made, and would empty." \
        "Move it elsewhere or remove it (rm -r .venv), and run make again."
fi

# uv keeps its cache at home. Not everybody has one.
if [ ! -d "${HOME-}" ] || [ ! -w "${HOME-}" ]; then
    export HOME="$here/$tools"
    unset XDG_CACHE_HOME XDG_DATA_HOME
fi

# Version, addresses and hashes of uv: nix/uv.nix reads the same file.
UV_PIN=bench/uv.json
UV_VERSION=$(sed -n 's/^ *"version": "\(.*\)",$/\1/p' "$UV_PIN")
network="A proxy is taken from https_proxy, certificates from SSL_CERT_FILE."

has_pinned_uv() {
    [ -x "$1" ] && [ "$("$1" --version 2>/dev/null | cut -d' ' -f2)" = "$UV_VERSION" ]
}

# Any Python 3 that starts: the first one on PATH may be pyenv's, which has none to offer.
find_any_python() {
    for python in "$(command -v python3 || true)" /usr/bin/python3 /usr/local/bin/python3; do
        if "$python" -I -c '' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    fail "there is no python3 on PATH that starts. Install one (Debian: apt install python3)," \
        "any version will do, or put uv $UV_VERSION on PATH."
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
    python=$(find_any_python) || exit 1
    echo "onecore: getting uv $UV_VERSION into $tools/" >&2
    "$python" -I - "$UV_PIN" "$tools/uv" "$network" <<'PYTHON' || exit 1
import hashlib, io, json, os, platform, sys, urllib.request, zipfile

pin_file, destination, network = sys.argv[1:]
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
    sys.exit("onecore: cannot download uv: {}. {} {}".format(error, network, remedy))
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

# A Python of the pinned version: PATH and uv's own first, then pyenv's folder, then a download.
# What an earlier .venv here is made of is no answer: it may be gone tomorrow.
find_python() {
    wanted=$(cat .python-version)
    "$uv" python find --system --no-python-downloads --no-project "${UV_PYTHON:-$wanted}" 2>/dev/null &&
        return
    for python in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$wanted"*/bin/python"$wanted"; do
        if [ -x "$python" ]; then
            echo "$python"
            return
        fi
    done
    # Inside the project, so that an unprivileged service user can reach it.
    export UV_PYTHON_INSTALL_DIR="$here/$tools/python"
    echo "onecore: getting Python $wanted into $tools/" >&2
    if why=$("$uv" python install "$wanted" 2>&1); then
        "$uv" python find --managed-python --no-project "$wanted"
        return
    fi
    fail "there is no Python $wanted on PATH or in pyenv, and none could be downloaded:
$why
onecore: install one (Debian 13: apt install python3; pyenv install $wanted; or use nix develop)" \
        "and run make again. $network"
}

uv=$(find_uv)
python=$(find_python)
# Of another folder, or of a Python that is gone: nothing in it can be used.
if [ -s .venv/.complete ] && [ "$(cat .venv/.complete)" != "$here" ] ||
    ! .venv/bin/python -I -S -c '' 2>/dev/null; then
    rm -rf .venv
fi
if [ ! -e .venv ]; then
    "$uv" venv --quiet --no-project --no-python-downloads --python "$python" .venv
    touch .venv/.begun
fi
# A busy machine may take more than uv's one minute to start a Python.
export UV_COMPILE_BYTECODE_TIMEOUT="${UV_COMPILE_BYTECODE_TIMEOUT:-600}"
# Byte-compiled, so that a service user who cannot write here does not compile at every start.
"$uv" sync --frozen --quiet --no-python-downloads --python "$python" --all-groups --compile-bytecode ||
    fail "cannot make .venv from uv.lock (see above). Nothing else was changed; run make again when it" \
        "is mended. $network"
echo "$here" >.venv/.complete
