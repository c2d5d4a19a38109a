"""Whether the files that something runs from are still the same."""

import hashlib
from pathlib import Path

GENERATED = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", "tests"}
"""What lies in a service's folder and is not what runs."""


def fingerprint_of(*paths: Path) -> str:
    """A digest of these files, and of all files in these folders but generated ones and tests."""
    digest = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not GENERATED & set(file.relative_to(path).parts):
                digest.update(f"{file.relative_to(path)}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
