"""Where a row stands: its shard and its offset, packed into one number that sorts by shard, then offset."""

from hashlib import blake2b

OFFSET_BITS = 48
_MASK = (1 << OFFSET_BITS) - 1


def position(shard: int, offset: int) -> int:
    """Return the one number of (shard, offset); offsets go up to 2^48 - 1, shards up to 2^15 - 1."""
    return shard << OFFSET_BITS | offset


def shard_and_offset(position: int) -> tuple[int, int]:
    """Return (shard, offset) of a position."""
    return position >> OFFSET_BITS, position & _MASK


def key_hash(source: str, id: str) -> bytes:
    """Return the 16 bytes by which the key (source, id) is found again."""
    return blake2b(f"{len(source)}:{source}{id}".encode(), digest_size=16).digest()


def shard_of(key: bytes, shards: int) -> int:
    """Return the shard of a key: the same for both twins of a duplicate."""
    return int.from_bytes(key[:4], "big") % shards
