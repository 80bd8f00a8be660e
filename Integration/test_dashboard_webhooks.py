"""Alerts to other systems over TLS: only to who can prove to be who was meant, signed, and nowhere else."""

import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import signal
import subprocess

import pytest

from support.cluster import Cluster, CommandFailed
from support.commands import run
from support.dashboard import Dashboard
from support.tls import Authority, Receiver
from support.waiting import until

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def authority(scratch):
    return Authority(scratch, "ours")


def test_alerts_go_to_whoever_proves_the_name_and_to_nobody_else(cluster, authority, port, scratch):
    key = scratch / "key"
    key.write_text("a secret\n")
    stranger = Authority(scratch, "stranger")
    with contextlib.ExitStack() as servers:
        serve = lambda *words, **options: servers.enter_context(Receiver(*words, **options))
        good = serve(authority.certificate("localhost"))
        other_name = serve(authority.certificate("hooks.example"))
        unknown = serve(stranger.certificate("localhost"))
        plain = serve()
        aside = serve()
        moved = serve(authority.certificate("localhost"), status=302, location=f"http://localhost:{aside.port}/")
        hooks = [f"https://localhost:{one.port}/hook/secret" for one in (good, other_name, unknown, moved)]
        hooks += [f"http://localhost:{plain.port}/", f"https://localhost:{aside.port}/"]
        words = [word for hook in hooks for word in ("--webhook", hook)]
        words += ["--webhook-ca-file", authority.file, "--webhook-key-file", key]
        log = scratch / "dashboard.log"
        with Dashboard(cluster, port + 950, log, *words) as dashboard:
            until(lambda: healthy(dashboard), 30, "the dashboard sees a healthy cluster")
            os.kill(cluster.process_id(2), signal.SIGKILL)
            until(lambda: events(good) & events(plain) & {("BrokerDown", "fired")}, 15, "the alert arrives")
            until(lambda: other_name.visits and unknown.visits and moved.posts, 15, "all others were tried")
            told = lambda: log.read_text()
            for receiver in (other_name, unknown, moved, aside):
                until(lambda: f"localhost:{receiver.port}: " in told(), 15, "the trouble is told")
            cluster.start(2)
            until(lambda: ("BrokerDown", "cleared") in events(good), 60, "its end arrives")
        assert other_name.posts == [] and unknown.posts == [], "an alert went to somebody without proof"
        assert aside.posts == [], "a redirection was followed, or TLS given up"

        for headers, body in good.posts:
            signed = headers["X-StreamSocial-Timestamp"].encode() + b"." + body
            expected = hmac.new(b"a secret", signed, hashlib.sha256).hexdigest()
            assert headers["X-StreamSocial-Signature"] == f"sha256={expected}"
        assert "secret" not in told(), "a URL's path is a secret"
        assert any("subject" in line or "match" in line for line in told().splitlines() if f":{other_name.port}: " in line)
        assert any("certificate" in line for line in told().splitlines() if f":{unknown.port}: " in line)


def healthy(dashboard):
    try:
        return dashboard.get("api/v1/model")["verdict"]["word"] == "healthy"
    except OSError:
        return None


def events(receiver):
    told = [json.loads(body) for _, body in list(receiver.posts)]
    return {(one["alert"]["name"], one["event"]) for one in told}


def test_wrong_words_are_refused(cluster, authority, port, scratch):
    taken = ("dashboard", "-b", cluster.bootstrap, "--dashboard-port", port + 951)
    with pytest.raises(CommandFailed, match="--webhook has the form https://"):
        cluster.command(*taken, "--webhook", "ftp://localhost/")
    with pytest.raises(CommandFailed, match="--webhook-ca-file: there is no file"):
        cluster.command(*taken, "--webhook", "https://localhost/", "--webhook-ca-file", scratch / "none.pem")


    for command in (("up",), ("up", "--detach"), ("demo",)):
        words = (*command, "--data-dir", scratch / "never", "--port", port + 100)
        for wrong in (("--webhook", "ftp://localhost/"), ("--webhook-key-file", scratch / "none"),
                      ("--alert-setting", "BrokerDown.sometime=1s")):
            ended = run(cluster.program, *words, *wrong)
            assert ended.code == 2 and wrong[0] in ended.error, ended.error
    away = run(cluster.program, "demo", "--engine", "external", "-b", cluster.bootstrap, "--webhook", "http://localhost/")
    assert away.code == 2 and "streamsocial dashboard --webhook" in away.error


def test_up_tells_of_alerts_without_a_page(engine, port, scratch):
    """In the background, with a key and settings of its own: all of it reaches the process that watches."""
    key = scratch / "up-key"
    key.write_text("another secret\n")
    with Receiver() as receiver:
        words = ["--dashboard-port", 0, "--webhook", f"http://localhost:{receiver.port}/", "--webhook-key-file", key]
        words += ["--alert-setting", "BrokerDown.clears=1s", "--alert-setting", "NoFailureTolerated.after=1h"]
        watched = Cluster(ROOT / "streamsocial", engine, port + 100, scratch / "watched", options=words)
        try:
            watched.up()
            watched.kill(2)
            until(lambda: ("BrokerDown", "fired") in events(receiver), 15, "the alert arrives")
            watched.start(2)
            until(lambda: ("BrokerDown", "cleared") in events(receiver), 60, "its end arrives")
        finally:
            watched.down()
        assert "NoFailureTolerated" not in {name for name, _ in events(receiver)}
        for headers, body in receiver.posts:
            signed = headers["X-StreamSocial-Timestamp"].encode() + b"." + body
            expected = hmac.new(b"another secret", signed, hashlib.sha256).hexdigest()
            assert headers["X-StreamSocial-Signature"] == f"sha256={expected}"


def test_a_demo_tells_of_the_broker_that_it_kills(engine, port, scratch):
    with Receiver() as receiver:
        words = ["demo", "--engine", engine, "--port", port + 100, "--data-dir", scratch / "demo", "--kill", 2, "-o", "json"]
        words += ["--rate", 500, "--duration", 9, "--dashboard-port", 0]
        ended = run(ROOT / "streamsocial", *words, "--webhook", f"http://localhost:{receiver.port}/", limit=180)
        assert ended.code in (0, 12), ended.error
        assert ("BrokerDown", "fired") in events(receiver)


@pytest.mark.embedded_only
def test_the_broker_does_without_what_only_the_dashboard_needs():
    linked = subprocess.run(
        ["ldd", ROOT / ".build" / "release" / "streamsocial-broker"], capture_output=True, text=True, check=True
    ).stdout
    assert "libuv" in linked
    assert not [name for name in ("libcurl", "librdkafka", "libsqlite3") if name in linked]
