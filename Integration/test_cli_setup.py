"""`scripts/setup` where packages are missing: it says what and why, and what to do when it may not install them.

The machine is left alone: a folder of links to the few programs that the script needs is all of PATH, with programs of
the test's own in place of apt-get, sudo, pkg-config, brew and uname.
"""

import os
import shutil
import subprocess

import pytest

from conftest import ROOT

NEEDED = ("bash", "cat", "dirname", "env", "sed", "uname", "tee", "chmod", "rm", "mkdir", "true")
LIBRARIES = ("libuv1-dev", "librdkafka-dev", "libmicrohttpd-dev", "libsqlite3-dev", "libzstd-dev")


class Machine:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        for name in NEEDED:
            os.symlink(shutil.which(name), folder / name)
        self.has("swift", "echo swift")
        # Nothing is found until apt-get or brew has left a mark.
        self.has("pkg-config", f"[[ -e {folder}/installed ]]")

    def has(self, name, script):
        path = self.folder / name
        # Never through a link, into the program that it leads to.
        path.unlink(missing_ok=True)
        path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
        path.chmod(0o755)

    def installs_with(self, name, works=True):
        mark = f"echo > {self.folder}/installed" if works else "true"
        self.has(name, f'echo "{name} $*"; [[ "$*" != *install* ]] || {mark}')

    def setup(self, as_root=True):
        words = [shutil.which("bash"), ROOT / "scripts" / "setup"]
        if not as_root:
            # As nobody; the folder may be written by everybody, for the mark.
            self.folder.chmod(0o777)
            words = [shutil.which("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups", *words]
        return subprocess.run(words, capture_output=True, text=True, env={"PATH": str(self.folder)}, timeout=60)


@pytest.fixture
def machine(tmp_path):
    # pytest's own folders are closed to others, and nobody must read this one.
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return Machine(tmp_path / "bin")


needs_root = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="skipped: needs root and setpriv")


def test_all_there_says_so(machine):
    (machine.folder / "installed").touch()
    ended = machine.setup()
    assert ended.returncode == 0 and ended.stderr == "setup: everything is there\n"


@needs_root
def test_root_installs_and_says_what_and_why(machine):
    machine.installs_with("apt-get")
    ended = machine.setup()
    assert ended.returncode == 0, ended.stderr
    for library in LIBRARIES:
        assert f"setup: missing: {library} (" in ended.stderr
    assert "apt-get install -y -q --no-install-recommends libuv1-dev" in ended.stderr + ended.stdout
    assert ended.stderr.endswith("setup: everything is there\n")


@needs_root
def test_without_sudo_the_command_for_root_is_printed(machine):
    machine.installs_with("apt-get")
    ended = machine.setup(as_root=False)
    assert ended.returncode == 1
    assert "there is no sudo. As root, run this, then start again:\n  apt-get update && apt-get install -y libuv1-dev" in ended.stderr
    assert not (machine.folder / "installed").exists()


@needs_root
def test_sudo_that_asks_is_not_waited_for(machine):
    machine.installs_with("apt-get")
    machine.has("sudo", "exit 1")
    ended = machine.setup(as_root=False)
    assert ended.returncode == 1
    assert "sudo apt-get update && sudo apt-get install -y libuv1-dev" in ended.stderr
    assert not (machine.folder / "installed").exists()


@needs_root
def test_sudo_that_does_not_ask_is_used(machine):
    machine.installs_with("apt-get")
    machine.has("sudo", 'shift; exec "$@"')
    ended = machine.setup(as_root=False)
    assert ended.returncode == 0, ended.stderr
    assert (machine.folder / "installed").exists()


@needs_root
def test_a_failing_apt_get_is_named(machine):
    machine.has("apt-get", "echo 'E: no network' >&2; exit 100")
    ended = machine.setup()
    assert ended.returncode == 1
    assert "E: no network" in ended.stderr and "apt-get could not install them" in ended.stderr


@needs_root
def test_installed_and_not_found_is_told_at_once(machine):
    machine.installs_with("apt-get", works=False)
    ended = machine.setup()
    assert ended.returncode == 1
    assert "pkg-config does not find: libuv rdkafka" in ended.stderr and "PKG_CONFIG_PATH" in ended.stderr


def test_homebrew(machine):
    """On macOS by Homebrew's names; without it, where to get it."""
    machine.has("uname", "echo Darwin")
    without = machine.setup()
    assert without.returncode == 1 and "https://brew.sh" in without.stderr and "openssl@3" in without.stderr
    mark = machine.folder / "installed"
    machine.has("brew", f'[[ $1 == --prefix ]] && echo /opt/homebrew || {{ echo "brew $*"; echo > {mark}; }}')
    ended = machine.setup()
    assert ended.returncode == 0, ended.stderr
    assert "brew install libuv librdkafka libmicrohttpd sqlite zlib lz4 zstd snappy openssl@3" in ended.stderr


def test_a_system_without_either_is_told_the_names(machine):
    ended = machine.setup()
    assert ended.returncode == 1 and "no apt-get and no Homebrew here" in ended.stderr and "libuv1-dev" in ended.stderr


def test_without_swift(machine):
    (machine.folder / "installed").touch()
    (machine.folder / "swift").unlink()
    ended = machine.setup()
    assert ended.returncode == 1 and "https://www.swift.org/install" in ended.stderr
