"""`streamsocial top` as a person and as a script have it: on a real terminal (a pty), in a pipe, once."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from support.waiting import until
from support.watching import Watch


class OnTerminal:
    """`top` on a pseudo-terminal of a given size; `text` is all that it wrote so far."""

    def __init__(self, cluster, columns=100, rows=30, **environment):
        self.text = ""
        words = [str(cluster.program), "top", "--bootstrap-servers", cluster.bootstrap, "--no-canary"]
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.execve(words[0], words, {**os.environ, "TERM": "xterm-256color", **environment})
        self.modes = termios.tcgetattr(self.terminal)
        self.resize(columns, rows)

    def resize(self, columns, rows):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        """Takes in what there is; False at the end."""
        if not select.select([self.terminal], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def shows(self, pattern, limit=20):
        """Waits until a whole screen that was drawn from now on has the pattern; returns that screen."""
        begin = len(self.text)

        def found():
            self.read()
            screens = self.text[begin:].split("\x1b[H")[1:]
            return next((screen for screen in screens if "q quits" in screen and re.search(pattern, screen, re.DOTALL)), None)

        return until(found, limit, f"a screen with {pattern!r}; last {self.text[-500:]!r}", every=0)

    def press(self, key):
        os.write(self.terminal, key)

    def ends(self, limit=10):
        """The exit code, once all that it wrote is read."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            alive = self.read()
            process, status = os.waitpid(self.process, os.WNOHANG)
            if process:
                while alive and select.select([self.terminal], [], [], 0)[0]:
                    alive = self.read()
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("top does not end")


def test_a_screen_that_fits_and_is_given_back(cluster):
    top = OnTerminal(cluster)
    screen = top.shows("HEALTHY.*brokers 3/3")
    assert top.text.startswith("\x1b[?1049h\x1b[?25l"), "takes the other screen and hides the cursor"
    assert "\x1b[32m" in screen, "healthy is green, beside its word and icon"
    assert "✔ HEALTHY" in screen
    top.resize(40, 12)
    narrow = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", top.shows("HEALTHY"))
    # The first whole screen after the change may still have been drawn for the old size.
    narrow = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", top.shows("HEALTHY"))
    lines = narrow.replace("\r", "").split("\n")
    assert len(lines) <= 12 and max(map(len, lines)) <= 40, narrow
    top.press(b"q")
    assert top.ends() == 0
    assert top.text.endswith("\x1b[?25h\x1b[?1049l"), "shows the cursor and gives the screen back"
    assert termios.tcgetattr(top.terminal)[3] == top.modes[3], "echo and lines are as they were"


def test_ctrl_c_ends_it_as_cleanly(cluster):
    top = OnTerminal(cluster)
    top.shows("HEALTHY")
    top.press(b"\x03")
    assert top.ends() == 0
    assert top.text.endswith("\x1b[?25h\x1b[?1049l")


def test_no_colour_when_it_is_not_wanted(cluster):
    top = OnTerminal(cluster, NO_COLOR="1")
    screen = top.shows("✔ HEALTHY")
    assert not re.search(r"\x1b\[[0-9;]*m", screen)
    top.press(b"q")
    assert top.ends() == 0


def test_lines_in_a_pipe(cluster):
    watch = Watch(cluster, "--no-canary")
    until(lambda: len(watch.lines) >= 4, 20, "four lines")
    watch.stop()
    assert all("\x1b" not in line for _, line in watch.lines)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ HEALTHY brokers=3/3 controller=\d", watch.lines[-1][1])
    gaps = [after[0] - before[0] for before, after in zip(watch.lines[1:], watch.lines[2:])]
    assert all(0.5 < gap < 1.9 for gap in gaps), gaps


def test_one_model_a_line_as_json(cluster):
    watch = Watch(cluster, "--no-canary", "--output", "json")
    until(lambda: len(watch.lines) >= 2, 20, "two models")
    watch.stop()
    models = [json.loads(line) for _, line in watch.lines]
    assert [model["sequence"] for model in models] == list(range(1, len(models) + 1))
    assert models[-1]["verdict"]["word"] == "healthy"
    assert [broker["id"] for broker in models[-1]["brokers"]] == [1, 2, 3]
    assert models[-1]["alerts"] == {"firing": [], "history": []}


def once(cluster, servers, *words, expected):
    process = subprocess.run(
        [cluster.program, "top", "--once", "--bootstrap-servers", servers, *words], capture_output=True, text=True, timeout=30
    )
    assert process.returncode == expected, process.stderr + process.stdout
    return process.stdout


def test_once_and_its_exit_code(cluster):
    assert once(cluster, cluster.bootstrap, expected=0).startswith("✔ HEALTHY")
    assert json.loads(once(cluster, cluster.bootstrap, "--output", "json", expected=0))["verdict"]["word"] == "healthy"
    assert not cluster.partitions("streamsocial-canary"), "one look writes nothing"
    nobody = json.loads(once(cluster, "127.0.0.1:1", "--output", "json", expected=10))
    assert nobody["verdict"]["word"] in ("unknown", "unavailable")
    assert [alert["name"] for alert in nobody["alerts"]["firing"]] == ["ClusterUnreachable"]


def test_alert_settings_that_are_none(cluster):
    for setting in ("BrokerDown", "BrokerDown.after=soon", "Nothing.after=1s"):
        process = subprocess.run(
            [cluster.program, "top", "--once", "--bootstrap-servers", cluster.bootstrap, "--alert-setting", setting],
            capture_output=True, text=True, timeout=30,
        )
        assert process.returncode == 2 and "--alert-setting" in process.stderr, process.stderr
