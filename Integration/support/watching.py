"""`streamsocial top` as a witness: what it says each second, and when it said it."""

import subprocess
import threading
import time

from .waiting import until


def alert_settings(*settings):
    """Words for the command line."""
    return [word for setting in settings for word in ("--alert-setting", setting)]


class Watch:
    """One `top` process without a terminal: a line a second, kept with the time it came (monotonic)."""

    def __init__(self, cluster, *words):
        self.lines = []
        self.process = subprocess.Popen(
            [cluster.program, "top", "--bootstrap-servers", cluster.bootstrap, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line.rstrip("\n")))

    @staticmethod
    def alerts_of(line):
        words = [word for word in line.split() if word.startswith("alerts=")]
        return set(words[0].removeprefix("alerts=").split(",")) if words else set()

    @property
    def alerts(self):
        """Those of the latest line; none before the first."""
        return self.alerts_of(self.lines[-1][1]) if self.lines else set()

    def is_healthy(self):
        """The latest line says so, and no alert fires; what groups do is another story."""
        return bool(self.lines) and " HEALTHY " in self.lines[-1][1] and not any(
            not alert.startswith("Group") for alert in self.alerts
        )

    def controller(self):
        """As the latest line has it; None when there is none."""
        word = next(word for word in self.lines[-1][1].split() if word.startswith("controller="))
        return None if word.endswith("?") else int(word.removeprefix("controller="))

    def first(self, alert, since):
        """How long after `since` the alert was first seen firing; None when it was not."""
        return next((at - since for at, line in self.lines if at >= since and alert in self.alerts_of(line)), None)

    def rounds(self, since, took):
        """How many lines came from the fact to what was seen `took` seconds after it, that line included."""
        return sum(1 for at, _ in self.lines if since <= at <= since + took)

    def fires(self, *alerts, since, within):
        """Waits until all fire; returns the seconds since `since` until each did.

        None took more than `within`, or, where the machine was too busy for a line each second, more than two lines: the
        one of the round that was under way, and the next.
        """
        until(lambda: all(self.first(alert, since) is not None for alert in alerts), within + 30, f"{alerts} fire")
        took = {alert: self.first(alert, since) for alert in alerts}
        late = {alert: round(seconds, 2) for alert, seconds in took.items()
                if seconds > within and self.rounds(since, seconds) > 2}
        assert not late, f"{late}: not within {within} s\n{self.story(since)}"
        return took

    def clears(self, limit=30):
        """Waits until nothing fires; what groups do is another story."""

        def clear():
            return bool(self.lines) and not any(not alert.startswith("Group") for alert in self.alerts)

        until(clear, limit, "all alerts about the cluster clear", every=0.1)

    def story(self, since):
        return "\n".join(f"{at - since:6.2f} {line}" for at, line in self.lines if at >= since - 2)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(10) == 0
        assert self.process.stderr.read() == ""
