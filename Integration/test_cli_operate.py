"""Operating clusters by hand: a demo's while it runs, two side by side, starting and ending twice."""

import json
import os
import re
import shutil
import signal
import subprocess

import confluent_kafka
import pytest

from conftest import ROOT
from support.commands import ok, run
from support.waiting import until

PROGRAM = ROOT / "streamsocial"


@pytest.fixture
def place(scratch, request):
    return scratch / request.node.name


def states(directory):
    ended = run(PROGRAM, "status", "--data-dir", directory, "-o", "json")
    return {entry["id"]: entry["state"] for entry in json.loads(ended.out)["brokers"]} if ended.code in (0, 10) else {}


def test_a_demo_is_broken_by_hand_and_still_checks_everything(engine, port, place):
    """Its own victim is dead before its turn, another is paused and a third killed for good: two of three are away for
    a while. The demo starts and resumes them, and finds every acknowledged event."""
    words = ["demo", "--engine", engine, "--port", port + 40, "--data-dir", place, "--dashboard-port", 0]
    words += ["--rate", 500, "--duration", 9, "--kill", 2, "-o", "json"]
    with subprocess.Popen([PROGRAM, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as demo:
        until(lambda: states(place).get(2) == "running", 90, "the demo's brokers run")
        ok(PROGRAM, "kill", 2, "--data-dir", place)
        until(lambda: states(place).get(2) == "stopped", 10, "broker 2 is gone")
        refused = run(PROGRAM, "down", "--data-dir", place)
        assert refused.code == 1 and "a demo runs in" in refused.error
        ok(PROGRAM, "pause", 3, "--data-dir", place)
        assert states(place)[3] == "paused"
        again = run(PROGRAM, "kill", 2, "--data-dir", place)
        assert again.code == 1 and "does not run" in again.error
        out, _ = demo.communicate(timeout=150)
        result = json.loads(out)
        assert demo.returncode == 0, result["reasons"]
    assert (result["lost"], result["duplicated"], result["reordered"]) == (0, 0, 0)
    assert result["acknowledged"] == result["sent"] == 4500
    assert result["victim"] is None
    notes = "\n".join(result["notes"])
    assert "broker 2 was killed " in notes and "broker 3 was paused, and resumed before the check" in notes
    assert "broker 2 was started again before the check" in notes
    gone = run(PROGRAM, "kill", 1, "--data-dir", place)
    assert gone.code == 1 and "no cluster is running" in gone.error


def test_up_and_down_twice(engine, port, place):
    """Each says what is; the second `up` neither disturbs the first nor wipes its log; ports are remembered."""
    up = ["up", "--engine", engine, "--detach", "--data-dir", place, "--dashboard-port", 0, "--restart", "never"]
    try:
        first = ok(PROGRAM, *up, "--port", port + 40, limit=180)
        assert f"streamsocial status --data-dir {place}" in first.text
        (place / "supervisor.log").write_text("what it said\n")
        second = run(PROGRAM, *up)
        assert second.code == 1 and "is in use by process" in second.error
        assert (place / "supervisor.log").read_text() == "what it said\n"
        assert "Killed broker 1" in ok(PROGRAM, "kill", 1, "--data-dir", place).text
        until(lambda: states(place).get(1) == "stopped", 10, "broker 1 is gone")
        degraded = run(PROGRAM, "status", "--data-dir", place)
        assert degraded.code == 10 and f"Next: streamsocial start 1 --data-dir {place}" in degraded.text
        assert "is down; its data stays" in ok(PROGRAM, "down", "--data-dir", place).text
        assert "No cluster runs in" in ok(PROGRAM, "down", "--data-dir", place).text
        gone = run(PROGRAM, "status", "--data-dir", place)
        assert gone.code == 10 and f"Next: streamsocial up --data-dir {place}" in gone.text
        # No engine and no port: both as before.
        again = ok(PROGRAM, "up", "--detach", "--data-dir", place, "--dashboard-port", 0, limit=180)
        assert f"127.0.0.1:{port + 40}" in again.text
    finally:
        run(PROGRAM, "down", "--data-dir", place)


def test_up_says_which_replicas_have_to_catch_up(engine, port, place):
    """One broker missed 30 MB; the next `up` serves clients before it has copied them, says so, and when it is done."""
    up = ["up", "--engine", engine, "--detach", "--data-dir", place, "--dashboard-port", 0, "--restart", "never"]
    try:
        ok(PROGRAM, *up, "--port", port + 40, limit=180)
        ok(PROGRAM, "topics", "create", "much", "-p", 10, "-r", 3, "--data-dir", place)
        ok(PROGRAM, "kill", 2, "--data-dir", place)
        producer = confluent_kafka.Producer({"bootstrap.servers": f"127.0.0.1:{port + 40}", "acks": "all"})
        for number in range(30_000):
            producer.produce("much", bytes(1000), partition=number % 10)
            producer.poll(0)
        assert producer.flush(60) == 0
        ok(PROGRAM, "down", "--data-dir", place)
        ok(PROGRAM, *up, limit=180)
        log = place / "supervisor.log"
        until(lambda: "all 30 replicas are in sync" in log.read_text(), 60, "the replicas are in sync")
        assert (found := re.search(r"Replicas still catching up: (\d+) of 30", log.read_text())), log.read_text()
        assert 0 < int(found[1]) <= 20
    finally:
        run(PROGRAM, "down", "--data-dir", place)


def test_down_of_a_cluster_whose_supervisor_crashed(engine, port, place):
    up = ["up", "--engine", engine, "--detach", "--data-dir", place, "--dashboard-port", 0, "--port", port + 40]
    try:
        ok(PROGRAM, *up, limit=180)
        pids = [entry["pid"] for entry in json.loads(run(PROGRAM, "status", "--data-dir", place, "-o", "json").out)["brokers"]]
        os.kill(int((place / "supervisor.pid").read_text()), signal.SIGKILL)
        until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 30, "the brokers end with their supervisor")
        assert "No cluster runs in" in ok(PROGRAM, "down", "--data-dir", place).text
        ok(PROGRAM, *up, limit=180)
    finally:
        run(PROGRAM, "down", "--data-dir", place)


@pytest.mark.embedded_only
def test_brokers_start_although_the_program_was_built_anew(port, place):
    """A build replaces the running supervisor's file; it still finds the brokers' program beside where it was."""
    folder = place / "bin"
    folder.mkdir(parents=True)

    def install():
        for name in ("streamsocial", "streamsocial-broker"):
            (folder / name).unlink(missing_ok=True)
            shutil.copy(ROOT / ".build" / "release" / name, folder / name)

    install()
    data = place / "data"
    try:
        words = ["up", "--detach", "--restart", "never", "--data-dir", data, "--dashboard-port", 0, "--port", port + 40]
        ok(folder / "streamsocial", *words)
        install()
        ok(PROGRAM, "kill", 1, "--data-dir", data)
        until(lambda: states(data).get(1) == "stopped", 10, "broker 1 is gone")
        ok(PROGRAM, "start", 1, "--data-dir", data)
        assert states(data)[1] in ("running", "starting")
    finally:
        run(PROGRAM, "down", "--data-dir", data)
