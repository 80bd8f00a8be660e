"""./streamsocial as a user types it: bytes in, bytes out."""

import os
import subprocess


class Ended:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout
        self.error = process.stderr.decode()

    @property
    def text(self):
        return self.out.decode()


def run(program, *words, given=b"", limit=60, **environment):
    """Runs it to its end, whatever its exit code."""
    given = given.encode() if isinstance(given, str) else given
    process = subprocess.run(
        [program, *map(str, words)], input=given, capture_output=True, timeout=limit, env={**os.environ, **environment}
    )
    return Ended(process)


def ok(program, *words, **options):
    """Runs it; it must succeed."""
    ended = run(program, *words, **options)
    assert ended.code == 0, f"{' '.join(map(str, words))} ended with {ended.code}:\n{ended.error}{ended.text}"
    return ended
