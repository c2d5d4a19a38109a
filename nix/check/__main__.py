"""The flake, checked without a network and without building: `python nix/check [FOLDER]`.

nixpkgs, uv2nix and their kin are replaced by the small stand-ins beside this file, so a second
suffices, and any Nix from 2.8 on. Five things are looked at: that every Nix file parses, that
flake.lock locks what flake.nix names, that every output and what the NixOS module makes of several
machines can be evaluated (one of them the VM test's), that the VM test's script compiles, and what
`systemd-analyze verify` says of the machines' units (it exits 0 on a bad directive).

What only a build can show is left to `nix flake check`. Nix's store is a temporary folder: nothing
is left behind, and no rights are needed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
STAND_INS = HERE / "stand-in"
CONFIGURATION = """\
experimental-features = nix-command flakes
build-users-group =
substituters =
flake-registry =
"""
# Only a build would make it.
NOT_BUILT = re.compile(r"Command \S+ is not executable: No such file or directory")


class Fault(Exception):
    """The flake is not as it should be."""


def main() -> int:
    """0 when all is well, 1 with one line for each fault otherwise.

    0 as well where there is no Nix, unless ONECORE_SKIP_NOTHING is set.
    """
    project = Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parents[1])
    if shutil.which("nix") is None:
        say("skipped: there is no nix on PATH (Debian: apt install nix-bin)")
        return 1 if os.environ.get("ONECORE_SKIP_NOTHING") else 0
    with tempfile.TemporaryDirectory(prefix="onecore-nix-") as folder:
        try:
            for line in check(project, Path(folder)):
                say(line)
        except Fault as fault:
            say(str(fault))
            return 1
    return 0


def say(text: str) -> None:
    sys.stdout.write(f"nix: {text}\n")


def check(project: Path, scratch: Path) -> Iterator[str]:
    """What was found to be well, line by line; `scratch` is an empty folder to work in.

    Raises Fault on the first part that is not well.
    """
    nix = Nix(scratch / "nix")
    flake = scratch / "project"
    copy_known_files(project, flake)

    files = sorted(flake.glob("**/*.nix"))
    nix.run("nix-instantiate", "--parse", *map(str, files))
    yield f"{len(files)} files parse"

    inputs = json.loads(
        nix.run("nix-instantiate", "--eval", "--strict", "--json", "--expr",
                f"(import {flake}/flake.nix).inputs")
    )  # fmt: skip
    faults = lock_faults(inputs, json.loads((flake / "flake.lock").read_text()))
    if faults:
        raise Fault("\n".join(faults))
    yield f"flake.lock locks {', '.join(sorted(inputs))}"

    found = evaluate(nix, flake, inputs)
    counts = ", ".join(
        f"{name} {count(output)}" for name, output in sorted(found["outputs"].items())
    )
    yield f"evaluated: {counts}"

    for name, script in found["scripts"].items():
        compile_script(name, script)
    yield f"scripts compile: {', '.join(found['scripts'])}"

    machines = {name: machine["units"] for name, machine in found["machines"].items()}
    for number, (names, units) in enumerate(alike(machines)):
        yield f"machine {' and '.join(names)}: {verify(units, scratch / f'units-{number}')}"


class Nix:
    """Nix with a store and settings of its own."""

    def __init__(self, folder: Path) -> None:
        home = folder / "home"
        home.mkdir(parents=True)
        self._environment = {
            **{
                name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ
            },
            "HOME": str(home),
            "NIX_CONFIG": CONFIGURATION,
            "NIX_REMOTE": "local",
            "NIX_STORE_DIR": str(folder / "store"),
            "NIX_STATE_DIR": str(folder / "state"),
            "NIX_LOG_DIR": str(folder / "log"),
        }

    def run(self, *command: str) -> str:
        """What the command printed. Raises Fault with its error."""
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise Fault(done.stderr.strip())
        return done.stdout


def copy_known_files(project: Path, destination: Path) -> None:
    """Copy what a flake sees: the files that git knows, or all where there is no git."""
    command = ["git", "-c", f"safe.directory={project.resolve()}", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        shutil.copytree(project, destination, symlinks=True)
        return
    for name in filter(None, listed.stdout.split("\0")):
        source, target = project / name, destination / name
        if source.exists() or source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target, follow_symlinks=False)


def lock_faults(inputs: Mapping[str, Any], lock: Mapping[str, Any]) -> list[str]:
    """Where flake.lock does not lock exactly the `inputs` of flake.nix; empty when it does."""
    nodes = lock["nodes"]
    locked = nodes[lock["root"]].get("inputs", {})
    faults = [
        f"flake.lock does not lock the input {name}" for name in sorted({*inputs} - {*locked})
    ]
    faults += [f"flake.lock locks {name}, which is no input" for name in {*locked} - {*inputs}]
    for name in sorted({*inputs} & {*locked}):
        node = nodes[locked[name]]
        wanted = {
            key: [followed["follows"]] for key, followed in inputs[name].get("inputs", {}).items()
        }
        if node.get("inputs", {}) != wanted:
            faults.append(f"flake.lock and flake.nix differ in what {name} follows")
        if node["original"] != reference(inputs[name]["url"]):
            faults.append(f"flake.lock locks another source than flake.nix names for {name}")
        faults += [f"flake.lock: {name} {fault}" for fault in pin_faults(node)]
    return faults


def reference(url: str) -> dict[str, str]:
    """A `github:owner/repo/ref` as flake.lock writes it."""
    kind, _, rest = url.partition(":")
    names = ("owner", "repo", "ref")
    return {"type": kind, **dict(zip(names, rest.split("/", 2), strict=False))}


def pin_faults(node: Mapping[str, Any]) -> Iterator[str]:
    """What keeps a locked input from being the same files for ever."""
    pin, original = node.get("locked", {}), node["original"]
    if not re.fullmatch(r"[0-9a-f]{40}", pin.get("rev", "")):
        yield "has no revision"
    if not re.fullmatch(r"sha256-[A-Za-z0-9+/]{43}=", pin.get("narHash", "")):
        yield "has no hash"
    if not isinstance(pin.get("lastModified"), int):
        yield "has no date"
    if any(pin.get(key) != original.get(key) for key in ("type", "owner", "repo")):
        yield "is locked to another repository than it names"


def evaluate(nix: Nix, flake: Path, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What evaluate.nix finds, with every input replaced by its stand-in.

    Raises Fault when anything cannot be evaluated, or an input has no stand-in.
    """
    missing = [name for name in inputs if not (STAND_INS / name).is_dir()]
    if missing:
        raise Fault(f"nix/check/stand-in has nothing for {', '.join(missing)}")
    # The tests plant faults in the project, never here: copied, so that the copy can be locked.
    replaced = (("--override-input", name, f"path:{STAND_INS / name}") for name in inputs)
    words = [word for arguments in replaced for word in arguments]
    nix.run("nix", "flake", "lock", "--offline", *words, f"path:{flake}")
    call = f'import {HERE}/evaluate.nix {{ flake = builtins.getFlake "path:{flake}"; }}'
    found: dict[str, Any] = json.loads(
        nix.run("nix", "eval", "--offline", "--impure", "--json", "--expr", call)
    )
    return found


def compile_script(name: str, script: str) -> None:
    """Raises Fault where a VM test's script is no Python."""
    try:
        compile(script, name, "exec")
    except SyntaxError as error:
        raise Fault(f"{name} is no Python: {error}") from error


def count(tree: object) -> int:
    """How many values a tree of sets holds."""
    return sum(map(count, tree.values())) if isinstance(tree, dict) else 1


def alike(machines: Mapping[str, dict[str, str]]) -> list[tuple[list[str], dict[str, str]]]:
    """The machines' units, each set once, with the names of all machines that have it."""
    sets: list[tuple[list[str], dict[str, str]]] = []
    for name, units in machines.items():
        same = [names for names, seen in sets if seen == units]
        if same:
            same[0].append(name)
        else:
            sets.append(([name], units))
    return sets


def verify(units: Mapping[str, str], folder: Path) -> str:
    """Write the unit files and read what systemd says of them. Raises Fault when it objects."""
    for path, text in units.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    if shutil.which("systemd-analyze") is None:
        return f"{len(units)} unit files, not verified: there is no systemd-analyze on PATH"
    # Instances have no file; systemd finds their template and drop-ins when it is asked for them.
    instances = {path.partition("/")[0].removesuffix(".d") for path in units if "@" in path}
    names = {path for path in units if "/" not in path} | instances
    asked = [str(folder / name) for name in sorted(names) if "@." not in name]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *asked],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_LOG_COLOR": "0"},
    )
    lines = done.stderr.splitlines()
    objections = [line for line in lines if "onecore" in line and not NOT_BUILT.search(line)]
    if objections:
        unique = dict.fromkeys(line.removeprefix(f"{folder}/") for line in objections)
        raise Fault("systemd objects to the module's units:\n" + "\n".join(unique))
    return f"{len(units)} unit files, and systemd objects to none"


if __name__ == "__main__":
    sys.exit(main())
