#!@shell@
# The lab from the Nix store. Its own folder cannot be written, so databases, logs and passwords
# go to the user's state folder, and results to where the command is called.
set -eu

if [ "$(id -u)" = 0 ]; then
    state=/var/lib/onecore
else
    state=${XDG_STATE_HOME:-${HOME:?"onecore: neither ONECORE_STATE nor HOME is set"}/.local/state}/onecore
fi

export ONECORE_STATE="${ONECORE_STATE:-$state}"
export ONECORE_RESULTS="${ONECORE_RESULTS:-$PWD/results}"
export ONECORE_PG_BIN="${ONECORE_PG_BIN:-@postgresql@/bin}"
export PATH="@tools@:$PATH"
# The folder the caller stands in may have a `bench` of its own; it is not to be imported.
export PYTHONSAFEPATH=1
export PYTHONPATH=@root@

exec @python@/bin/python -m bench "$@"
