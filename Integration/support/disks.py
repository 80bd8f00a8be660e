"""A file system of a chosen size for one broker's data: a tmpfs, which takes root to mount."""

import os
import pathlib
import subprocess

import pytest


class SmallDisk:
    """Mounted as long as the context lasts; where that cannot be, the test is skipped. Sizes are tmpfs's: `48m`, `4g`."""

    def __init__(self, directory, broker, size):
        """`directory`: that of the cluster, which is yet to start; `broker`: whose data lie on it."""
        self.broker = broker
        self.place = pathlib.Path(directory) / f"broker-{broker}" / "data"
        self.size = size

    def __enter__(self):
        if os.geteuid() != 0:
            pytest.skip("skipped: mounting a small file system takes root")
        self.place.mkdir(parents=True)
        problem = self._mount("-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", self.place)
        if problem:
            pytest.skip(f"skipped: no small file system can be mounted here: {problem}")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.place], check=True)

    def resize(self, size):
        problem = self._mount("-o", f"remount,size={size}", self.place)
        assert problem is None, problem

    @staticmethod
    def _mount(*words):
        process = subprocess.run(["mount", *words], capture_output=True, text=True)
        return process.stderr.strip() if process.returncode else None
