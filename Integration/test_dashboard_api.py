"""The dashboard's API on a live cluster: what docs/dashboard-api.md says, asked by a program."""

import base64
import pathlib
import re
import socket

import confluent_kafka
import pytest

from support.api import API
from support.cluster import Cluster, CommandFailed
from support.dashboard import Dashboard
from support.records import awkward_records
from support.waiting import until

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def cluster(engine, port, scratch):
    options = ("--dashboard-port", port + 900, "--allow-actions")
    cluster = Cluster(ROOT / "streamsocial", engine, port, scratch / "cluster", options=options)
    cluster.up()
    yield cluster
    cluster.down()


@pytest.fixture(scope="module")
def api(cluster, port):
    """The dashboard beside the cluster, which may act."""
    api = API(port + 900)
    until(lambda: api.ask("GET", "/api/v1/model").status == 200, 20, "the first look at the cluster is over")
    return api


def produce(cluster, topic, records, partition=0):
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all"})
    failures = []
    for record in records:
        producer.produce(
            topic, record.value, record.key, partition, headers=list(record.headers), timestamp=record.timestamp or 0,
            on_delivery=lambda error, _: error and failures.append(error),
        )
    assert producer.flush(30) == 0 and not failures


def commit(cluster, group, topic, offset):
    """Commits partition 0; a coordinator that has just been made takes a moment until it serves."""
    consumer = confluent_kafka.Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": group})

    def committed():
        try:
            return consumer.commit(offsets=[confluent_kafka.TopicPartition(topic, 0, offset)], asynchronous=False)
        except confluent_kafka.KafkaException as failure:
            if failure.args[0].code() not in (
                confluent_kafka.KafkaError.NOT_COORDINATOR, confluent_kafka.KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
            ):
                raise

    try:
        cluster.coordinator(group)
        until(committed, 30, f"the coordinator of {group} serves")
    finally:
        consumer.close()


def bytes_of(message, name):
    text = message.get(name)
    if text is None:
        return None
    return base64.b64decode(text) if message[f"{name}Encoding"] == "base64" else text.encode()


# What is there


def test_every_documented_path_answers(api, cluster, topic):
    """Each GET of the document's table, with what its names stand for here."""
    produce(cluster, topic, awkward_records(1)[:3])
    commit(cluster, "readers", topic, 1)
    until(lambda: api.ask("GET", "/api/v1/groups/readers").status == 200, 20, "the group is seen")
    document = (ROOT / "docs" / "dashboard-api.md").read_text()
    paths = re.findall(r"^\| `GET ([^ ?`]+)", document, re.MULTILINE)
    assert len(paths) >= 10
    for path in paths:
        if path.endswith("/events"):
            continue  # below
        names = "readers" if "groups" in path else topic
        answer = api.ask("GET", path.replace("{name}", names))
        assert answer.status == 200, f"{path}: {answer.status} {answer.body[:300]}"
        kind = "text/plain; version=0.0.4; charset=utf-8" if path == "/metrics" else "application/json"
        assert answer.headers["Content-Type"] == kind, path
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert api.ask("HEAD", path.replace("{name}", names)).status == 200
        assert api.ask("DELETE", path.replace("{name}", names)).status == 405


def test_status_knows_the_address(api, cluster, port):
    assert cluster.status()["dashboard_url"] == f"http://127.0.0.1:{port + 900}"


def test_the_model_is_about_this_cluster(api, cluster, engine):
    model = until(
        lambda: (model := api.get("/api/v1/model"))["verdict"]["word"] == "healthy" and model, 30, "the model is healthy"
    )
    assert [broker["id"] for broker in model["brokers"]] == [1, 2, 3]
    assert model["partitions"]["offline"] == 0
    about = api.get("/api/v1/about")
    assert about["allowActions"] and about["canControlBrokers"] and about["engine"] == engine
    assert about["bootstrapServers"] == cluster.bootstrap


def test_the_stream_goes_on_each_second(api):
    seen, models = set(), []
    for name, data in api.events():
        seen.add(name)
        if name == "model":
            models.append(data)
        if len(models) == 4 and {"partitions", "alerts", "second"} <= seen:
            break
    numbers = [model["sequence"] for model in models]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    # On a machine that is busy a second may be long and the next one short.
    assert 1500 <= models[3]["at"] - models[0]["at"] <= 15_000


def test_group_detail_has_its_partitions(api, cluster, topic):
    produce(cluster, topic, awkward_records(2)[:10])
    commit(cluster, "slow/readers ü", topic, 4)

    def lag():
        answer = api.ask("GET", "/api/v1/groups/slow%2Freaders%20%C3%BC")
        found = answer.json.get("partitions", []) if answer.status == 200 else []
        return next((entry for entry in found if entry.get("lag") == 6), None)

    entry = until(lag, 20, "the group's lag is told")
    assert (entry["topic"], entry["partition"], entry["committed"], entry["end"]) == (topic, 0, 4, 10)
    assert api.ask("GET", "/api/v1/groups/nobody").status == 404


@pytest.mark.kafka_only
def test_groups_of_the_newer_protocol_are_not_taken_for_dead(api, cluster, topic):
    """KIP-848: DescribeGroups says that they are dead, and has no members."""
    produce(cluster, topic, awkward_records(2)[:10])
    consumer = confluent_kafka.Consumer(
        {
            "bootstrap.servers": cluster.bootstrap, "group.id": "modern", "group.protocol": "consumer",
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([topic])
    read = []

    def has_read_all():
        record = consumer.poll(1.0)
        # One without a value has no length, and is false.
        if record is not None and not record.error():
            read.append(record)
        return len(read) == 10

    until(has_read_all, 60, "all ten are read")
    consumer.commit(asynchronous=False)

    def group():
        consumer.poll(0)
        answer = api.ask("GET", "/api/v1/groups/modern")
        return answer.json if answer.status == 200 and answer.json.get("lag") == 0 else None

    found = until(group, 30, "its lag is known")
    assert found["state"] == "Stable" and found["progress"] == "OK"
    assert "members" not in found
    consumer.close()


# Topics and messages


def test_a_topic_with_its_settings_and_offsets(api, cluster, topic):
    produce(cluster, topic, awkward_records(3)[:7], partition=1)
    answer = api.get(f"/api/v1/topics/{topic}")
    assert answer["name"] == topic
    settings = {entry["name"]: entry for entry in answer["settings"]}
    assert {"retention.ms", "cleanup.policy", "min.insync.replicas"} <= set(settings)
    assert all(entry["source"] in ("topic", "default") for entry in answer["settings"])
    assert [(entry["id"], entry["start"], entry["end"]) for entry in answer["partitions"]] == [
        (0, 0, 0), (1, 0, 7), (2, 0, 0),
    ]
    assert api.ask("GET", "/api/v1/topics/there-is-none").status == 404


def test_messages_come_as_they_were_written(api, cluster, topic):
    records = awkward_records(4)
    produce(cluster, topic, records)
    answer = api.get(f"/api/v1/topics/{topic}/messages", **{"from": "offset", "offset": 0, "limit": 500})
    assert answer["complete"] and answer["scanned"] == len(records)
    by_offset = {message["offset"]: message for message in answer["messages"]}
    assert sorted(by_offset) == list(range(len(records)))
    for offset, record in enumerate(records):
        message = by_offset[offset]
        assert bytes_of(message, "key") == record.key
        assert bytes_of(message, "value") == record.value
        assert message["timestamp"] == record.timestamp
        assert [header["key"] for header in message["headers"]] == [key for key, _ in record.headers]
        assert not message["truncated"]


@pytest.mark.kafka_only
def test_what_was_taken_back_is_no_message(api, cluster, topic):
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap, "transactional.id": topic})
    producer.init_transactions(30)
    for values, ends in ((["a", "b"], True), (["x", "y", "z"], False), (["c"], True)):
        producer.begin_transaction()
        for value in values:
            producer.produce(topic, value, partition=0)
        assert producer.flush(30) == 0
        producer.commit_transaction(30) if ends else producer.abort_transaction(30)
    messages = api.get(f"/api/v1/topics/{topic}/messages", **{"from": "offset", "offset": 0, "partition": 0})["messages"]
    assert [message["value"] for message in messages] == ["a", "b", "c"]


def test_messages_are_found(api, cluster, topic):
    records = awkward_records(5)
    produce(cluster, topic, records)
    path = f"/api/v1/topics/{topic}/messages"
    newest = api.get(path, limit=3, partition=0)["messages"]
    assert len(newest) == 3
    from_offset = api.get(path, **{"from": "offset", "offset": 45, "partition": 0})["messages"]
    assert sorted(message["offset"] for message in from_offset) == [45, 46, 47]
    # By time: the first record that is not older, by offset, and what follows it.
    last = max(record.timestamp for record in records)
    by_time = api.get(path, **{"from": "time", "time": last})["messages"]
    assert any(message["timestamp"] == last for message in by_time)
    assert api.get(path, **{"from": "time", "time": last + 1})["messages"] == []
    found = api.get(path, key="user-3", limit=500)
    assert found["scanned"] == len(records)
    assert {message["key"] for message in found["messages"]} == {"user-3"}
    wanted = [record for record in records if record.key == b"user-3"]
    assert len(found["messages"]) == len(wanted)
    assert [message["value"] for message in api.get(path, value="本語")["messages"]] == ["日本語 🎈"]
    assert api.get(path, value="nowhere in there")["messages"] == []
    assert api.ask("GET", path + "?partition=9").status == 404
    assert api.ask("GET", path + "?limit=100000").status == 400


def test_looking_further_back_comes_to_the_beginning(api, cluster, topic):
    for partition in (0, 1):
        produce(cluster, topic, awkward_records(6 + partition)[:7], partition)
    path = f"/api/v1/topics/{topic}/messages"
    page = api.get(path, limit=4)
    seen = page["messages"]
    while page["older"]:
        before = ",".join(f"{place['partition']}:{place['before']}" for place in page["older"])
        page = api.get(path, limit=4, before=before)
        assert page["messages"] and page["complete"]
        seen += page["messages"]
    places = [(message["partition"], message["offset"]) for message in seen]
    assert sorted(places) == [(partition, offset) for partition in (0, 1) for offset in range(7)]
    assert api.ask("GET", f"{path}?before=9:1").status == 404


def test_large_values_are_cut_and_say_so(api, cluster, topic):
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap, "compression.type": "zstd"})
    for _ in range(100):
        producer.produce(topic, "ü" * 100_000, partition=0)
    assert producer.flush(30) == 0
    answer = api.get(f"/api/v1/topics/{topic}/messages", **{"from": "offset", "offset": 0, "limit": 500})
    assert answer["messages"] and all(message["truncated"] for message in answer["messages"])
    assert all(message["value"] == "ü" * 32768 for message in answer["messages"])
    # Not all of it fits into one answer, which says that.
    assert len(answer["messages"]) < 100 and not answer["complete"]


def test_a_test_event_is_written_and_read_back(api, topic):
    answer = api.post(f"/api/v1/topics/{topic}/messages", {"key": "k", "value": "<b>hello</b>"})
    assert answer.status == 200
    place = answer.json
    path = f"/api/v1/topics/{topic}/messages"
    found = api.get(path, **{"from": "offset", "offset": place["offset"], "partition": place["partition"]})["messages"]
    assert [(message["key"], message["value"]) for message in found] == [("k", "<b>hello</b>")]
    keyless = api.post(path, {"key": None, "value": "x"}).json
    found = api.get(path, **{"from": "offset", "offset": keyless["offset"], "partition": keyless["partition"]})["messages"]
    assert "key" not in found[0]
    chosen = api.post(path, {"value": "x", "partition": 2}).json
    assert chosen == {"partition": 2, "offset": chosen["offset"]}
    assert api.post(path, {"value": "x", "partition": 7}).status == 404
    assert api.post("/api/v1/topics/there-is-none/messages", {"value": "x"}).status == 404


# Acting


def test_a_broker_is_killed_and_started(api, cluster):
    victim = 3
    assert api.post(f"/api/v1/brokers/{victim}/kill").status == 202
    until(lambda: cluster.process_id(victim) is None, 10, "the broker's process is gone")

    def model():
        return api.get("/api/v1/model")

    def state():
        return next(broker["state"] for broker in model()["brokers"] if broker["id"] == victim)

    until(lambda: model()["verdict"]["word"] != "healthy" and state() == "FAILED", 20, "the model shows it")
    texts = [marker for marker in api.get("/api/v1/timeline")["markers"] if marker["kind"] == "fault"]
    assert texts[-1]["broker"] == victim and "kill" in texts[-1]["text"]
    fired = until(
        lambda: [alert for alert in api.get("/api/v1/alerts")["firing"] if alert["name"] == "BrokerDown"], 20, "an alert fires"
    )
    assert api.post(f"/api/v1/alerts/{fired[0]['id']}/acknowledge", {"by": "the test"}).status == 204
    until(
        lambda: any(alert.get("acknowledgedBy") == "the test" for alert in api.get("/api/v1/alerts")["firing"]),
        10, "the acknowledgement is shown",
    )
    # What cannot be done is said.
    refused = api.post(f"/api/v1/brokers/{victim}/pause")
    assert refused.status == 409 and refused.json["error"]["message"]
    assert api.post("/api/v1/brokers/77/kill").status == 409
    assert api.post(f"/api/v1/brokers/{victim}/start").status == 202
    cluster.wait_until_healthy()
    until(lambda: model()["verdict"]["word"] == "healthy", 60, "the model is healthy again")
    until(
        lambda: any(alert["id"] == fired[0]["id"] for alert in api.get("/api/v1/alerts")["history"]),
        60, "the alert has cleared",
    )


def test_what_is_typed_at_a_terminal_is_marked_too(api, cluster):
    victim = 2
    for command, kind in (("pause", "fault"), ("resume", "faultEnd")):
        cluster.command(command, victim, "--data-dir", cluster.directory)
        until(
            lambda: any(
                (marker["kind"], marker["broker"], marker["text"]) == (kind, victim, f"{command} broker {victim}")
                for marker in api.get("/api/v1/timeline")["markers"]
                if "broker" in marker
            ),
            10, f"{command} is marked",
        )
    cluster.wait_until_healthy()


def test_strangers_change_nothing(api, topic):
    path = f"/api/v1/topics/{topic}/messages"
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        assert api.post(path, {"value": "x"}, **headers).status == 403
    assert api.post(path, {"value": "x"}, Origin=f"http://127.0.0.1:{api.port}").status == 200
    for site in ("cross-site", "same-site"):
        assert api.ask("GET", path, Sec_Fetch_Site=site).status == 403
    for site in ("same-origin", "none"):
        assert api.ask("GET", path, Sec_Fetch_Site=site).status == 200
    # A name that was made to point here is not one of ours.
    assert api.ask("GET", "/api/v1/model", Host=f"evil.example:{api.port}").status == 421
    assert api.ask("GET", "/api/v1/brokers/1/kill").status == 405


def test_it_only_shows_unless_told_otherwise(cluster, port, scratch, topic):
    """A dashboard of its own, as for a cluster that runs elsewhere."""
    with Dashboard(cluster, port + 901, scratch / "dashboard.log"):
        api = API(port + 901)
        for path, body in [
            (f"/api/v1/topics/{topic}/messages", {"value": "x"}), ("/api/v1/brokers/1/kill", None),
            ("/api/v1/alerts/silences", {"name": "BrokerDown", "minutes": 1}), ("/api/v1/alerts/1/acknowledge", {"by": "me"}),
        ]:
            answer = api.post(path, body)
            assert answer.status == 403 and answer.json["error"]["code"] == "read_only"
        about = api.get("/api/v1/about")
        assert not about["allowActions"] and not about["canControlBrokers"]
        assert api.get(f"/api/v1/topics/{topic}")["partitions"][0]["end"] == 0


def test_other_machines_need_the_token(cluster, port, scratch):
    token = scratch / "token"
    token.write_text("a-token-for-the-tests\n")
    with pytest.raises(CommandFailed, match="(?s)0.0.0.0 can be reached from other machines.*--token-file"):
        cluster.command("dashboard", "-b", cluster.bootstrap, "--dashboard-port", port + 902, "--dashboard-address", "0.0.0.0")
    words = ("--dashboard-address", "0.0.0.0", "--token-file", token)
    with Dashboard(cluster, port + 902, scratch / "token.log", *words):
        api = API(port + 902)
        assert api.ask("GET", "/api/v1/about").status == 401
        assert api.ask("GET", "/api/v1/about", Authorization="Bearer something-else-16").status == 401
        assert api.ask("GET", "/api/v1/about", Authorization="Bearer a-token-for-the-tests").status == 200
        exchange = api.ask("GET", "/?token=a-token-for-the-tests")
        assert exchange.status == 303 and exchange.headers["Location"] == "/"
        cookie = exchange.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
        assert api.ask("GET", "/", Cookie=cookie.split(";")[0]).status == 200


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(cluster, port, scratch):
    """…whoever serves the dashboard; and before anything else was started."""
    taken = ("--dashboard-port", port + 903)
    started = ("--engine", cluster.engine, "--port", port + 910, "--data-dir", scratch / "never")
    words = f"(?s)port {port + 903} on 127.0.0.1 is taken by another program.*--dashboard-port"
    with socket.create_server(("127.0.0.1", port + 903)):
        for command in (
            ("dashboard", "-b", cluster.bootstrap), ("up", *started), ("up", "--detach", *started), ("demo", *started),
        ):
            with pytest.raises(CommandFailed, match=words):
                cluster.command(*command, *taken)
    assert not list((scratch / "never").glob("broker-*"))
