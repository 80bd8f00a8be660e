"""Waiting for conditions, never for time to pass."""

import time


def until(condition, limit=30.0, what="the condition", every=0.05):
    """Returns the first true value of `condition()`; fails the test when there is none within `limit` seconds."""
    deadline = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {limit:g} s: {what}; last seen: {value!r}")
        time.sleep(every)
