"""Golden bytes: small text files of hex with comments, so that a change of a format shows as a line in a diff."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "protocols" / "golden"


def read(name: str) -> dict[str, bytes]:
    """Section name -> bytes of one file in tests/protocols/golden.

    A section begins with `[name]`; every other line is hex, and from `#` on a comment.
    """
    sections: dict[str, bytearray] = {}
    current: bytearray | None = None
    for line in (FOLDER / name).read_text().splitlines():
        content = line.partition("#")[0].strip()
        if content.startswith("["):
            current = sections.setdefault(content.strip("[]"), bytearray())
        elif content:
            if current is None:
                raise ValueError(f"{name} has hex before its first section")
            current += bytes.fromhex(content)
    return {section: bytes(value) for section, value in sections.items()}
