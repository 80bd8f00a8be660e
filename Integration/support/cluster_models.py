"""Models of clusters that do not exist, as `/api/v1` would give them: for looking at the dashboard in every state.

Field names are those of Sources/Monitor/Model. A test double's data; what the real monitor says is tested on a real
cluster in test_dashboard.py.
"""

import math
import random

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script>"
HOSTILE = f'"{MARKUP}\u202e\u0000\'`${{1}}'
WORDS = ("healthy", "degraded", "unavailable")


class ImaginaryCluster:
    """Three brokers in one of several states. `scenario` may be changed at any time."""

    def __init__(self, scenario="healthy", now=1_780_000_000_000, partitions=57, seed=1):
        self.scenario = scenario
        self.random = random.Random(seed)
        self.now = now
        self.sequence = 0
        self.changed_at = now - 14_000
        self.version = 1
        self.marker_number = 0
        self.partition_total = 1000 if scenario == "thousand" else partitions
        self.points = []
        self.markers = []
        self.silenced = {}
        self.acknowledged = {}
        begin = now // 1000 * 1000 - 299_000
        for second in range(300):
            self.points.append(self.point(begin + second * 1000, second))
        if self.broken:
            self.past_fault()

    @property
    def broken(self):
        return {"degraded": (2,), "unavailable": (2, 3), "down": (1, 2, 3), "hostile": (2,)}.get(self.scenario, ())

    @property
    def word(self):
        return {0: "healthy", 1: "degraded"}.get(len(self.broken), "unavailable")

    def tick(self):
        """The next second: its point and its markers."""
        self.now += 1000
        self.sequence += 1
        point = self.point(self.now // 1000 * 1000, 300)
        self.points = (self.points + [point])[-300:]
        return {"point": point, "markers": []}

    def switch(self, scenario):
        """Something breaks or is mended; returns the markers of it."""
        self.scenario = scenario
        self.changed_at = self.now
        self.version += 1
        markers = (
            [self.marker("brokerLost", broker, f"broker {broker} does not answer") for broker in self.broken]
            if self.broken
            else [self.marker("brokerBack", 2, "broker 2 answers again"), self.marker("isrWhole", None, "all replicas in sync again")]
        )
        return {"point": self.points[-1], "markers": markers}

    def marker(self, kind, broker, text, at=None):
        self.marker_number += 1
        made = {"number": self.marker_number, "at": at or self.now, "kind": kind, "text": text}
        if broker is not None:
            made["broker"] = broker
        self.markers.append(made)
        return made

    def past_fault(self):
        at = self.changed_at
        self.marker("controllerChange", 1, "controller 3 → 1, epoch 6 → 7", at - 150_000)
        self.marker("fault", 3, "kill -9 broker 3 (by ./streamsocial kill)", at - 151_000)
        self.marker("brokerLost", 3, "broker 3 does not answer", at - 150_400)
        self.marker("leaderChange", None, "19 partitions have a new leader", at - 149_000)
        self.marker("brokerBack", 3, "broker 3 answers again", at - 120_000)
        self.marker("isrWhole", None, "all replicas in sync again", at - 117_000)
        for broker in self.broken:
            self.marker("fault", broker, f"kill -9 broker {broker} (by ./streamsocial kill)", at)
            self.marker("brokerLost", broker, f"broker {broker} does not answer", at + 300)
        self.marker("leaderChange", None, "19 partitions have a new leader", at + 1000)
        self.marker("alert", 2, "BrokerDown fires", at + 1000)
        self.markers.sort(key=lambda marker: (marker["at"], marker["number"]))

    def point(self, at, second):
        wave = math.sin(second / 23) * 180 + self.random.uniform(-90, 90)
        rate = 10_000 + wave
        median, high = self.random.uniform(1.6, 2.2), self.random.uniform(4, 8)
        lag, errors, word = self.random.uniform(20, 90), 0, "healthy"
        since = at - self.changed_at
        if self.broken and (0 <= since < 3000 or -150_000 <= since < -147_000):
            rate, high, errors, lag = rate * 0.4, self.random.uniform(180, 420), 12.5, 1400
        if self.broken and (since >= 0 or -150_000 <= since < -117_000):
            word = self.word if since >= 0 else "degraded"
        if self.word == "unavailable" and since >= 0:
            rate, errors, lag = 0, 38.0, 900 + since
        point = {"at": at, "verdict": word, "errorsPerSecond": errors}
        if self.broken and -210_000 < since < -203_000:
            return {"at": at, "verdict": "unknown"}  # A monitor that could not ask: a gap.
        point |= {
            "eventsInPerSecond": rate, "eventsOutPerSecond": rate * 3 + wave, "lagMilliseconds": lag,
            "producePercentile50": median, "producePercentile99": high, "produceMax": high * self.random.uniform(1.1, 2.4),
        }
        if self.scenario == "down" and since >= 0:
            # Nobody tells; the canary's writes wait.
            for unknown in ("eventsInPerSecond", "eventsOutPerSecond", "lagMilliseconds"):
                del point[unknown]
            point |= {"errorsPerSecond": 3.0, "produceMax": since + 10.0}
        elif self.word != "unavailable":
            point["targetPerSecond"] = 10_000
        return point

    # What the API gives

    def topics(self):
        """Name, internal?, partitions."""
        if self.scenario == "thousand":
            return [("__consumer_offsets", True, 50)] + [(f"topic-{number:02}", False, 50) for number in range(19)]
        names = [("__consumer_offsets", True, 45)] + [(name, False, 3) for name in ("comments", "follows", "likes", "posts")]
        if self.scenario == "hostile":
            names[1] = (HOSTILE, False, 3)
        return names

    def partition_map(self):
        topics = []
        number = 0
        for name, internal, partitions in self.topics():
            made = []
            for partition in range(partitions):
                replicas = [(number + offset) % 3 + 1 for offset in range(3)]
                number += 1
                alive = [broker for broker in replicas if broker not in self.broken]
                isr = list(alive)
                if self.scenario == "thousand" and (number + self.version) % 37 == 0:
                    isr = isr[:2]
                leader = isr[0] if isr else -1
                if self.scenario == "unavailable" and number % 9 == 0:
                    leader, isr = -1, [replicas[-1]]
                if self.scenario == "down":
                    leader, isr = -1, []
                made.append({
                    "id": partition, "leader": leader, "leaderEpoch": 3, "replicas": replicas, "isr": isr,
                    "offline": [broker for broker in replicas if broker in self.broken],
                })
            topics.append({"name": name, "isInternal": internal, "minISR": 2, "partitions": made})
        return {"version": self.version, "at": self.now, "topics": topics}

    def model(self):
        partition_map = self.partition_map()
        every = [(topic, partition) for topic in partition_map["topics"] for partition in topic["partitions"]]
        trouble = []
        totals = {"total": len(every), "offline": 0, "underMinISR": 0, "atMinISR": 0, "underReplicated": 0, "notPreferred": 0}
        for topic, partition in every:
            offline, under = partition["leader"] < 0, len(partition["isr"]) < 2
            at_least, less = len(partition["isr"]) == 2, len(partition["isr"]) < 3
            for name, counts in (("offline", offline), ("underMinISR", under), ("atMinISR", at_least), ("underReplicated", less)):
                totals[name] += counts
            if less:
                kind = "offline" if offline else "underMinISR" if under else "atMinISR"
                trouble.append({
                    "topic": topic["name"], "partition": partition["id"], "trouble": kind, "since": self.changed_at,
                    "leaderBefore": partition["replicas"][0], "isrBefore": partition["replicas"],
                    "leader": partition["leader"], "isr": partition["isr"], "replicas": partition["replicas"],
                })
        trouble.sort(key=lambda entry: ("offline", "underMinISR", "atMinISR").index(entry["trouble"]))
        newest = self.points[-1]
        model = {
            "at": self.now, "sequence": self.sequence, "clusterID": "Zk3pRt0mT1yq7bJp4mXyZg",
            "bootstrapServers": "127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094",
            "verdict": self.verdict(totals), "tolerance": self.tolerance(totals),
            "controller": self.controller(), "brokers": [self.broker(number, every) for number in (1, 2, 3)],
            "partitions": totals, "troubledPartitions": trouble[:50],
            "topics": [self.topic(topic) for topic in partition_map["topics"]], "groups": self.groups(),
            "traffic": {
                key: newest[key] for key in ("eventsInPerSecond", "eventsOutPerSecond", "targetPerSecond") if key in newest
            } | {"bytesInPerSecond": 4.1e6, "bytesOutPerSecond": 12.5e6, "errorsPerSecond": [{"code": "NOT_ENOUGH_REPLICAS", "perSecond": 38.0}] if self.word == "unavailable" else []},
            "canary": {key: newest[key] for key in ("producePercentile50", "producePercentile99", "produceMax") if key in newest}
            | {"endToEndPercentile99": 11.4, "brokers": [self.canary(number) for number in (1, 2, 3)]},
            "nextCommands": [], "blindSpots": [],
        }
        if self.scenario == "unknown":
            for key in ("eventsInPerSecond", "eventsOutPerSecond"):
                model["traffic"].pop(key, None)
            model |= {"partitions": {}, "controller": {"voters": [], "observers": []}, "groups": [], "topics": []}
            model["canary"] = {"brokers": []}
            model["tolerance"] = {"reason": "no broker answers"}
            model["verdict"] |= {"word": "unknown", "sentence": "UNKNOWN: no broker answered at 127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094"}
            model["brokers"] = [{**broker, "state": "UNKNOWN"} for broker in model["brokers"]]
            model["blindSpots"] = ["metadata: connection refused"]
        elif self.broken:
            servers = f"--bootstrap-servers {model['bootstrapServers']}"
            looking = ("./streamsocial status", "says what each broker's process does")
            if self.scenario != "down":
                looking = (f"./streamsocial topics describe {trouble[0]['topic']} {servers}", "shows leaders and in-sync replicas")
            commands = [(f"./streamsocial start {broker}", f"starts broker {broker} again") for broker in self.broken]
            commands += [looking, (f"./streamsocial top {servers}", "follows it in the terminal")]
            model["nextCommands"] = [{"command": command, "reason": reason} for command, reason in commands]
        if self.scenario == "down":
            for key in ("eventsInPerSecond", "eventsOutPerSecond", "bytesInPerSecond", "bytesOutPerSecond"):
                model["traffic"].pop(key, None)
            model["groups"] = [{"name": group["name"], "progress": "UNKNOWN", "since": group["since"]} for group in model["groups"]]
            for topic in model["topics"]:
                topic.pop("eventsInPerSecond", None)
            model["blindSpots"] = ["no broker answers (127.0.0.1:9092: connection refused)"]
        return model

    def verdict(self, totals):
        for_seconds = (self.now - self.changed_at) // 1000
        total = f"{totals['total']} partitions"
        down = [f"broker {broker} (leader of 19 partitions) does not answer since 20:26:26 UTC" for broker in self.broken]
        living = 3 - len(self.broken)
        counts = f"{totals['underReplicated']} of {total} under-replicated"
        controller = f"no active controller ({living} of 3 voters live, 2 needed)"
        facts = {
            "healthy": ["3 of 3 brokers serve", f"{total}, all replicas in sync", "writes go on", "1 failure tolerated"],
            "degraded": [*down, f"{counts}, 0 offline", "writes go on", "no further failure tolerated"],
            "unavailable": [
                controller, *down, f"{counts}, {totals['offline']} offline",
                f"acks=all writes are refused for {total}", "no further failure tolerated",
            ],
        }[self.word]
        if self.scenario == "down":
            facts = ["every broker refuses connections", f"{totals['offline']} of {total} offline", "nothing can be written or read"]
        reasons = [("broker-down", "critical", text) for text in down]
        if self.scenario == "unavailable":
            reasons = [
                ("no-controller", "critical", controller), *reasons,
                ("offline-partitions", "critical", f"{totals['offline']} of {total} offline"),
                ("under-min-isr", "critical", f"{totals['underMinISR']} of {total} under min ISR"),
            ]
        if self.scenario == "down":
            reasons = [("unreachable", "critical", facts[0]), *reasons]
        if self.broken:
            reasons.append(("under-replicated", "warning", counts))
        if self.word == "degraded":
            reasons.append(("at-min-isr", "warning", f"no further failure tolerated ({self.tolerance(totals)['reason']})"))
        sentence = f"{self.word.upper()} for {for_seconds} s: {'; '.join(facts)}"
        if self.scenario == "hostile":
            reasons[0] = ("broker-down", "critical", HOSTILE)
            sentence += HOSTILE
        return {
            "word": self.word, "sentence": sentence, "since": self.changed_at,
            "reasons": [
                {"code": code, "severity": severity, "text": text, "since": self.changed_at} for code, severity, text in reasons
            ],
        }

    def tolerance(self, totals):
        living = 3 - len(self.broken)
        replicas = f"{totals['total']} partitions have {living} living in-sync replica{'s' if living != 1 else ''} and need 2"
        reason = f"{replicas}; the quorum has {living} of 3 voters and needs 2"
        return {"failures": max(0, living - 2), "writesBlocked": living < 2, "reason": reason}

    def canary(self, number):
        if number in self.broken:
            return {"id": number, "ok": False, "error": "REQUEST_TIMED_OUT"}
        return {"id": number, "ok": True, "produceMilliseconds": 2.1 + number / 3, "endToEndMilliseconds": 6.2 + number, "at": self.now - 400}

    def controller(self):
        members = [{"id": number, "logEndOffset": 4211, "lag": 0} for number in (1, 2, 3)]
        found = {"leaderEpoch": 7, "highWatermark": 4211, "voters": members, "observers": []}
        if self.scenario == "down":
            return {"voters": [], "observers": []}
        return found if self.word == "unavailable" else found | {"id": 1, "since": self.changed_at - 150_000}

    def broker(self, number, every):
        dead = number in self.broken
        hosted = [partition for _, partition in every if number in partition["replicas"]]
        reasons = [
            {"state": "RUNNING", "at": self.changed_at - 117_000, "reason": "replicas in sync again"},
            {"state": "RECOVERING", "at": self.changed_at - 119_000, "reason": "registered, fenced"},
            {"state": "STARTING", "at": self.changed_at - 120_000, "reason": "a process is there"},
        ]
        if dead:
            reasons.insert(0, {"state": "FAILED", "at": self.changed_at, "reason": "does not answer and is fenced"})
        made = {
            "id": number, "host": "127.0.0.1", "port": 9091 + number, "state": reasons[0]["state"],
            "stateSince": reasons[0]["at"], "transition": reasons[0]["reason"], "history": reasons,
            "isController": number == 1 and self.word != "unavailable", "isVoter": True,
            "leaders": sum(partition["leader"] == number for partition in hosted), "replicas": len(hosted),
            "inSyncReplicas": 0 if dead else sum(number in partition["isr"] for partition in hosted),
            "lastSeen": self.changed_at if dead else self.now - 180,
        }
        if not dead:
            made |= {
                "eventsInPerSecond": 3300 + 40 * number, "bytesInPerSecond": 1.4e6, "bytesOutPerSecond": 4.2e6,
                "producePercentile99": 3.1 + number, "residentBytes": 26_400_000 + number * 400_000, "cpuCores": 0.21,
                "diskUsedBytes": 812_000_000, "diskFreeBytes": 61_000_000_000, "processID": 4100 + number,
            }
        if self.scenario == "hostile" and number == 3:
            made |= {"host": HOSTILE, "transition": HOSTILE}
        return made

    def topic(self, topic):
        partitions = topic["partitions"]
        return {
            "name": topic["name"], "isInternal": topic["isInternal"], "partitions": len(partitions), "replicationFactor": 3,
            "minISR": 2, "offline": sum(partition["leader"] < 0 for partition in partitions),
            "underReplicated": sum(len(partition["isr"]) < 3 for partition in partitions),
            "events": 1_204_311 + len(partitions) * self.sequence, "eventsInPerSecond": 0 if topic["isInternal"] else 2500.0,
        }

    def groups(self):
        made = []
        names = ["analytics", "notifications", HOSTILE if self.scenario == "hostile" else "search-index"]
        for index, name in enumerate(names):
            group = {
                "name": name, "state": "Stable", "coordinator": index % 3 + 1, "members": 3, "lag": 40 + index * 17 + self.sequence % 30,
                "lagMilliseconds": 30.0 + index * 22, "lagTrendPerSecond": 0.2, "consumedPerSecond": 10_000.0, "timeToClear": 40.0,
                "progress": "OK", "since": self.changed_at - 150_000,
            }
            if self.broken and index == 1:
                group |= {
                    "state": "PreparingRebalance", "lag": 48_000 + 700 * self.sequence, "lagMilliseconds": 9_000.0 + 400 * self.sequence,
                    "lagTrendPerSecond": 712.0, "consumedPerSecond": 9200.0, "progress": "WARN", "since": self.changed_at,
                }
                del group["timeToClear"]
            if self.word == "unavailable" and index == 2:
                group = {"name": name, "progress": "UNKNOWN", "since": self.changed_at}
            made.append(group)
        return made

    def group(self, name):
        found = next((group for group in self.groups() if group["name"] == name), None)
        if found:
            found["partitions"] = [
                {
                    "topic": "posts", "partition": number, "committed": 401_000 + number, "end": 401_020 + number, "lag": 20,
                    "lagMilliseconds": 31.0, "member": f"member-{number}", "client": MARKUP, "progress": "OK",
                }
                for number in range(3)
            ]
        return found

    def alerts(self):
        firing = []
        texts = (
            ("BrokerDown", "critical", "does not answer", "Start it again: ./streamsocial start {}"),
            ("NoFailureTolerated", "warning", "has partitions at min ISR: one more failure stops writes", "Bring broker {} back before touching another"),
        )
        for broker in self.broken:
            for name, severity, summary, action in texts:
                identifier = f"{name}-{broker}"
                alert = {
                    "id": identifier, "name": name, "severity": severity, "state": "firing", "summary": f"broker {broker} {summary}",
                    "action": action.format(broker), "subject": f"broker {broker}", "firedAt": self.changed_at + 900,
                }
                if self.scenario == "hostile":
                    alert |= {"summary": HOSTILE, "subject": HOSTILE, "action": HOSTILE}
                if identifier in self.acknowledged:
                    alert |= {"acknowledgedAt": self.now, "acknowledgedBy": self.acknowledged[identifier]}
                if name in self.silenced:
                    alert["silencedUntil"] = self.silenced[name]
                firing.append(alert)
        if self.scenario in ("down", "unknown"):
            firing.append({
                "id": "ClusterUnreachable", "name": "ClusterUnreachable", "severity": "critical", "state": "firing",
                "summary": "no broker of the cluster at 127.0.0.1:9092 answers", "action": "check that the brokers run: `./streamsocial status`",
                "firedAt": self.changed_at + 900,
            })
        firing.sort(key=lambda alert: alert["severity"])
        past = [{
            "id": "past-1", "name": "BrokerDown", "severity": "critical", "state": "cleared", "summary": "broker 3 did not answer",
            "action": "Start it again", "subject": "broker 3", "firedAt": self.changed_at - 150_000, "clearedAt": self.changed_at - 119_000,
        }]
        return {"firing": firing, "history": past}

    def messages(self, topic):
        values = ['{"type": "post", "author": "ada", "text": "hello, world", "at": 1780000000000}', MARKUP, "plain text", ""]
        return {
            "messages": [
                {
                    "partition": number % 3, "offset": 4000 - number, "timestamp": self.now - number * 120, "key": f"user-{number}",
                    "value": values[number % 4], "headers": [{"key": MARKUP, "value": MARKUP}], "keyEncoding": "utf8",
                    "valueEncoding": "utf8", "truncated": number == 2,
                }
                for number in range(20)
            ],
            "scanned": 20, "complete": True,
        }
