"""Text into lines of a terminal: by cells, not characters, because some characters take two."""

from rich.cells import cell_len, chop_cells

TAB = "    "


def wrap(text: str, width: int, *, hang: int = 0) -> tuple[str, ...]:
    """Break text at spaces so that no line is wider than `width` cells.

    Args:
        text: sanitised text; its own line breaks are kept.
        width: cells, at least 2 more than `hang`.
        hang: cells by which every line but the first is indented.

    Returns:
        At least one line; words wider than a line are cut, nothing is dropped but spaces at a break.
    """
    indent = " " * hang
    lines: list[str] = []
    for paragraph in text.replace("\t", TAB).split("\n"):
        lines.extend(_wrap_paragraph(paragraph, width, indent, first="" if not lines else indent))
    return tuple(lines)


def _wrap_paragraph(paragraph: str, width: int, indent: str, *, first: str) -> list[str]:
    lines: list[str] = []
    line, empty = first, True
    for word in paragraph.split(" "):
        joined = line + word if empty else f"{line} {word}"
        if cell_len(joined) <= width:
            line, empty = joined, False
            continue
        if not empty:
            lines.append(line)
            line = indent
        while cell_len(line + word) > width:
            room = width - cell_len(line)
            piece = chop_cells(word, room)[0]
            lines.append(line + piece)
            word = word[len(piece) :]
            line = indent
        line, empty = line + word, False
    lines.append(line)
    return lines


def cut(text: str, width: int) -> str:
    """Return the text, or as much of it as fits into `width` cells with a mark that there is more."""
    if cell_len(text) <= width:
        return text
    if width < 2:
        return "…"[:width]
    return chop_cells(text, width - 1)[0] + "…"
