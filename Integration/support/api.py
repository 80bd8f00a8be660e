"""The dashboard's API as a program asks it: every status and header seen, nothing followed or repeated."""

import http.client
import json
import urllib.parse


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class API:
    def __init__(self, port):
        self.port = port

    def ask(self, method, path, body=None, **headers):
        """`headers` with _ for -; a `body` that is not bytes goes as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, data, named)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, **query):
        """The JSON of a path that must be there."""
        text = "?" + urllib.parse.urlencode(query) if query else ""
        answer = self.ask("GET", path + text)
        assert answer.status == 200, f"{path}{text}: {answer.status} {answer.body[:500]}"
        return answer.json

    def post(self, path, body=None, **headers):
        return self.ask("POST", path, body, **headers)

    def events(self):
        """Yields (name, data) of the event stream; the connection ends with the generator."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/api/v1/events")
            response = connection.getresponse()
            assert response.status == 200 and response.headers["Content-Type"] == "text/event-stream"
            fields = {}
            while line := response.readline().decode():
                line = line.rstrip("\n")
                if not line:
                    if "event" in fields:
                        yield fields["event"], json.loads(fields["data"])
                    fields = {}
                elif not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    fields[name] = value
        finally:
            connection.close()
