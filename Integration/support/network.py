"""Three hosts of their own on one machine, and a network between them that can be cut: Linux network namespaces on a
bridge, which takes root."""

import os
import shutil
import subprocess

import pytest

HOSTS = (1, 2, 3)
NOBODY = "02:00:00:00:00:ff"


class Network:
    """Exists as long as the context lasts; where it cannot be, the test is skipped.

    The tests' own process stands outside and reaches every host at any time. What is cut is cut as by a dead cable:
    packets vanish, and nobody is told (their Ethernet address is one that nobody has).
    """

    BRIDGE = "streamsocial0"

    def __init__(self, prefix="10.213.7"):
        self.prefix = prefix
        self.cuts = set()

    def address(self, host):
        return f"{self.prefix}.{host}"

    def __enter__(self):
        if os.geteuid() != 0 or not shutil.which("ip"):
            pytest.skip("skipped: hosts of their own take root, and `ip` of iproute2")
        self._remove()
        problem = self._try("link", "add", self.BRIDGE, "type", "bridge")
        if problem:
            pytest.skip(f"skipped: no network can be made here: {problem}")
        try:
            self._do("addr", "add", f"{self.prefix}.254/24", "dev", self.BRIDGE)
            self._do("link", "set", self.BRIDGE, "up")
            for host in HOSTS:
                self._add(host)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_):
        self._remove()

    def words(self, host):
        """What to put before a command that is to run on that host."""
        return ["ip", "netns", "exec", self._name(host)]

    # Cutting it

    def cut(self, one, other, ways="both"):
        """`ways`: `both`, `out` (what `one` sends to `other` vanishes) or `in` (what `other` sends to `one`)."""
        if ways in ("both", "out"):
            self._lose(one, other)
        if ways in ("both", "in"):
            self._lose(other, one)

    def isolate(self, host, ways="both"):
        for other in HOSTS:
            if other != host:
                self.cut(host, other, ways)

    def heal(self):
        for sender, receiver in sorted(self.cuts):
            self._do("-n", self._name(sender), "neigh", "del", self.address(receiver), "dev", "eth0")
        self.cuts.clear()

    def _lose(self, sender, receiver):
        place = (self.address(receiver), "lladdr", NOBODY, "dev", "eth0", "nud", "permanent")
        self._do("-n", self._name(sender), "neigh", "replace", *place)
        self.cuts.add((sender, receiver))

    # Making it

    def _add(self, host):
        name, outside = self._name(host), f"streamsocial{host}"
        self._do("netns", "add", name)
        self._do("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", name)
        self._do("link", "set", outside, "master", self.BRIDGE, "up")
        self._do("-n", name, "addr", "add", f"{self.address(host)}/24", "dev", "eth0")
        self._do("-n", name, "link", "set", "eth0", "up")
        self._do("-n", name, "link", "set", "lo", "up")

    def _remove(self):
        for host in HOSTS:
            self._try("netns", "del", self._name(host))
            self._try("link", "del", f"streamsocial{host}")
        self._try("link", "del", self.BRIDGE)

    @staticmethod
    def _name(host):
        return f"streamsocial-{host}"

    @staticmethod
    def _try(*words):
        process = subprocess.run(["ip", *words], capture_output=True, text=True)
        return process.stderr.strip() or "failed" if process.returncode else None

    def _do(self, *words):
        problem = self._try(*words)
        assert problem is None, f"ip {' '.join(words)}: {problem}"
