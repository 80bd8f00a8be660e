"""A metrics page, read strictly: what the format does not allow fails the test."""

import json
import re
import urllib.error
import urllib.request

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)')
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


class Page:
    """`types`: name -> type; `samples`: (name, frozenset of labels) -> value."""

    def __init__(self, text):
        self.text = text
        self.types, self.samples = {}, {}
        assert text.endswith("\n"), "the last line is cut off"
        current, helped = None, set()
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
                assert name not in helped, f"HELP of {name} comes twice"
                helped.add(name)
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert NAME.fullmatch(name) and kind in TYPES, line
                assert name not in self.types, f"TYPE of {name} comes twice"
                self.types[name] = kind
                current = name
            else:
                self.add(line, current)

    def add(self, line, current):
        match = SAMPLE.fullmatch(line)
        assert match, f"not a sample: {line}"
        name, labels, value = match.groups()
        allowed = {current}
        if self.types.get(current) in ("summary", "histogram"):
            allowed = {current, f"{current}_count", f"{current}_sum", f"{current}_bucket"}
        assert name in allowed, f"{name} stands below the TYPE of {current}"
        pairs, position = [], 0
        while labels and position < len(labels):
            pair = LABEL.match(labels, position)
            assert pair, f"not labels: {line}"
            plain = re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found.group(1), found.group(1)), pair.group(2))
            pairs.append((pair.group(1), plain))
            position = pair.end()
        key = name, frozenset(pairs)
        assert len(key[1]) == len({label for label, _ in pairs}), f"a label comes twice: {line}"
        assert key not in self.samples, f"a sample comes twice: {line}"
        self.samples[key] = float(value)

    def get(self, name, **labels):
        """The value of the sample with exactly these labels; None when there is none."""
        return self.samples.get((name, frozenset(labels.items())))

    def sum(self, name, **labels):
        """Over all samples with at least these labels."""
        wanted = set(labels.items())
        return sum(value for (found, have), value in self.samples.items() if found == name and wanted <= have)

    def label_names(self, name):
        return {",".join(sorted(label for label, _ in have)) or "-" for found, have in self.samples if found == name}


def get(url, limit=10):
    """Status, content type and text of what is at `url`."""
    try:
        with urllib.request.urlopen(url, timeout=limit) as response:
            return response.status, response.headers["Content-Type"], response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


def page(url):
    status, kind, text = get(url)
    assert status == 200, (status, text)
    assert kind.startswith("text/plain"), kind
    return Page(text)


def health(url, kind):
    """Status and body of /health/`kind` beside the metrics at `url`."""
    status, content_type, text = get(url.removesuffix("/metrics") + f"/health/{kind}")
    assert content_type.startswith("application/json"), content_type
    return status, json.loads(text)
