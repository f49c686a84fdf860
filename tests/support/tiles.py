"""Reading a tlog-tiles log (https://c2sp.org/tlog-tiles): paths, hash tiles and entry bundles."""

from protocols.log.merkle import HASH_SIZE, HashTree, SubtreeHash

TILE_WIDTH = 256


def index_path(index: int) -> str:
    """1234067 -> x001/x234/067."""
    groups: list[str] = []
    while True:
        index, group = divmod(index, 1000)
        groups.append(f"{group:03}" if not groups else f"x{group:03}")
        if index == 0:
            return "/".join(reversed(groups))


def tile_path(level: int, index: int, width: int = 0) -> str:
    """The path of a hash tile; width 0 or 256 is a full one."""
    return f"tile/{level}/{index_path(index)}{_partial(width)}"


def bundle_path(index: int, width: int = 0) -> str:
    """The path of an entry bundle; width 0 or 256 is a full one."""
    return f"tile/entries/{index_path(index)}{_partial(width)}"


def entry_location(index: int, size: int) -> str:
    """The path of the bundle that holds entry `index` of a log of this size."""
    tile = index // TILE_WIDTH
    width = size % TILE_WIDTH if tile == size // TILE_WIDTH else 0
    return bundle_path(tile, width)


def tile_widths(size: int) -> dict[int, tuple[int, int]]:
    """Level -> (number of full tiles, width of the partial one or 0) of a log of this size."""
    widths = {}
    level = 0
    while size:
        widths[level] = (size // TILE_WIDTH, size % TILE_WIDTH)
        size //= TILE_WIDTH
        level += 1
    return widths


def parse_tile(data: bytes) -> tuple[bytes, ...]:
    """The hashes of one tile."""
    if not data or len(data) % HASH_SIZE or len(data) > TILE_WIDTH * HASH_SIZE:
        raise ValueError("a tile has 1 to 256 hashes")
    return tuple(data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE))


def parse_bundle(data: bytes) -> tuple[bytes, ...]:
    """The entries of one bundle, each after its big-endian u16 length."""
    entries = []
    position = 0
    while position < len(data):
        start = position + 2
        position = start + int.from_bytes(data[position:start], "big")
        if start > len(data) or position > len(data):
            raise ValueError("a bundle ends within an entry")
        entries.append(data[start:position])
    return tuple(entries)


def subtree_of_tile(tile: tuple[bytes, ...]) -> SubtreeHash:
    """The source of perfect subtrees that lie within one level-0 tile."""
    return HashTree(tile).subtree


def _partial(width: int) -> str:
    return f".p/{width}" if width % TILE_WIDTH else ""
