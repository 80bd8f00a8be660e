"""Silence and acknowledgement through the dashboard's API, and what a receiver of webhooks hears of it."""

import os
import signal
import time

import pytest

from support.api import API
from support.dashboard import Dashboard
from support.waiting import until
from support.watching import alert_settings
from support.webhooks import Receiver

VICTIM = 2


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def api(whole, port, scratch, receiver):
    """A dashboard that may act, tells the receiver, and has seen the cluster well."""
    words = ["--allow-actions", "--no-canary", "--webhook", receiver.url, *alert_settings("BrokerDown.clears=1s")]
    with Dashboard(whole, port + 900, scratch / "silence.log", *words):
        api = API(port + 900)

        def healthy():
            answer = api.ask("GET", "/api/v1/model")
            return answer.status == 200 and answer.json["verdict"]["word"] == "healthy" and not api.get("/api/v1/alerts")["firing"]

        until(healthy, 60, "the dashboard sees a healthy cluster")
        yield api


def firing(api, name):
    return next((alert for alert in api.get("/api/v1/alerts")["firing"] if alert["name"] == name), None)


def test_a_silenced_alert_is_told_when_its_silence_ends(cluster, api, receiver):
    """Silenced for a few seconds before the broker dies: seen on the board, unheard; then heard; then heard to clear."""
    begin = time.monotonic()
    assert api.post("/api/v1/alerts/silences", {"name": "BrokerDown", "minutes": 0.1}).status == 204
    os.kill(cluster.process_id(VICTIM), signal.SIGKILL)
    alert = until(lambda: firing(api, "BrokerDown"), 10, "it fires")
    assert alert["silencedUntil"] > alert["firedAt"]
    until(lambda: receiver.of("NoFailureTolerated"), 10, "the others are heard")
    assert receiver.of("BrokerDown") == []
    until(lambda: receiver.of("BrokerDown"), 15, "the silence ends")
    assert receiver.of("BrokerDown") == ["fired"]
    heard = next(at for at, _, told in receiver.heard if told["name"] == "BrokerDown")
    assert 6 <= heard - begin < 9
    alert = firing(api, "BrokerDown")
    assert "silencedUntil" not in alert and "acknowledgedBy" not in alert

    path = f"/api/v1/alerts/{alert['id']}/acknowledge"
    assert api.post(path, {"by": "kim"}).status == 204
    assert firing(api, "BrokerDown")["acknowledgedBy"] == "kim"
    cluster.start(VICTIM)
    until(lambda: receiver.of("BrokerDown") == ["fired", "cleared"], 60, "its end is heard")
    assert [told["acknowledgedBy"] for _, _, told in receiver.heard if told["name"] == "BrokerDown"] == [None, "kim"]
    assert api.post(path, {"by": "lee"}).status == 404, "it does not fire any more"


def test_a_silence_that_is_ended_by_hand(cluster, api, receiver):
    """What is silenced while it fires goes quiet and is told again; what ends within a silence is told to nobody."""
    os.kill(cluster.process_id(VICTIM), signal.SIGKILL)
    until(lambda: receiver.of("BrokerDown") == ["fired"], 10, "it is heard")
    assert api.post("/api/v1/alerts/silences", {"name": "BrokerDown", "minutes": 30}).status == 204
    assert "silencedUntil" in firing(api, "BrokerDown"), "seen at once"
    assert api.post("/api/v1/alerts/silences", {"name": "BrokerDown", "minutes": 0}).status == 204
    until(lambda: receiver.of("BrokerDown") == ["fired", "fired"], 10, "it is heard again")

    assert api.post("/api/v1/alerts/silences", {"name": "BrokerDown", "minutes": 30}).status == 204
    cluster.start(VICTIM)
    until(lambda: "cleared" in receiver.of("NoFailureTolerated"), 60, "the others clear")
    until(lambda: firing(api, "BrokerDown") is None, 30, "it clears, silently")
    assert receiver.of("BrokerDown") == ["fired", "fired"]
    assert any(alert["name"] == "BrokerDown" for alert in api.get("/api/v1/alerts")["history"])


def test_who_may_only_look_may_not_silence(cluster, port, scratch):
    with Dashboard(cluster, port + 901, scratch / "read-only.log", "--no-canary"):
        api = API(port + 901)
        for path, body in (
            ("/api/v1/alerts/silences", {"name": "BrokerDown", "minutes": 1}), ("/api/v1/alerts/a1/acknowledge", {"by": "me"}),
        ):
            assert api.post(path, body).status == 403
