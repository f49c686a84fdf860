"""Published test vectors, read from the folder that PARLEY_VECTORS names and never copied into this repository."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

PROJECT_ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "PARLEY_VECTORS"


def root() -> Path:
    """Where the vectors are, whether or not the folder exists."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).resolve() if chosen else (PROJECT_ROOT / ".." / "shared" / "vectors").resolve()


def path(*parts: str) -> Path:
    """The path of one vector file, e.g. `path("log", "signed-note.json")`.

    Skips the running test (or, at import time, its whole module) when the vectors are not there. A folder that exists
    but lacks the file is a mistake, and fails.
    """
    folder = root()
    if not folder.is_dir():
        pytest.skip(
            f"published test vectors not found: put the vectors folder (mls/, log/; its README names the sources) "
            f"at ../shared/vectors beside the project, or set {VARIABLE} to it",
            allow_module_level=True,
        )
    found = folder.joinpath(*parts)
    if not found.is_file():
        pytest.fail(
            f"{'/'.join(parts)} is missing from the vectors folder that {VARIABLE} or its default names"
        )
    return found


def load_json(*parts: str) -> Any:
    """The parsed content of one JSON vector file; a name that ends in .gz is unpacked first."""
    data = path(*parts).read_bytes()
    return json.loads(gzip.decompress(data) if parts[-1].endswith(".gz") else data)
