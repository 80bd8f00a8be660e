"""Records as every client must carry them, byte for byte."""

import dataclasses
import hashlib
import random


@dataclasses.dataclass(frozen=True)
class Record:
    key: bytes | None
    value: bytes | None
    headers: tuple = ()
    timestamp: int | None = None

    def __repr__(self):
        def short(data):
            return data if data is None or len(data) < 40 else f"{len(data)} bytes {hashlib.sha1(data).hexdigest()[:8]}"

        return f"Record({short(self.key)}, {short(self.value)}, {self.headers}, {self.timestamp})"


START = 1_700_000_000_000


def awkward_records(seed):
    """Nulls, empties, all byte values, long and compressible values, repeated headers, timestamps out of order."""
    chance = random.Random(seed)
    records = [
        Record(b"key", b"value", (("ce_type", b"user_action"), ("ce_id", b"1")), START + 5),
        Record(None, b"no key", (), START + 4),
        Record(b"no value", None, (), START + 3),
        Record(b"", b"", (("empty", b""), ("absent", None)), START + 2),
        Record(bytes(range(256)), bytes(range(256)) * 3, (("bytes", bytes(range(256))),), START + 1),
        Record("Schlüssel".encode(), "日本語 🎈".encode(), (("twice", b"1"), ("twice", b"2")), START),
        Record(b"long", b"ab" * 20_000, (), START + 6),
        Record(b"random", chance.randbytes(5_000), (), START + 7),
    ]
    for number in range(40):
        records.append(Record(f"user-{number % 7}".encode(), chance.randbytes(chance.randrange(300)), (), START + number))
    return records


def plain_records(seed, count=30):
    """What kcat can send: one key and one set of headers for all, and no timestamps of its own."""
    chance = random.Random(seed)
    headers = (("ce_source", b"kcat"), ("ce_id", str(seed).encode()))
    return [
        Record(b"one key", bytes(range(256)) + f"{number}:".encode() + chance.randbytes(chance.randrange(400)), headers)
        for number in range(count)
    ]
