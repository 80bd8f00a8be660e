"""Certificates and web servers of a test's own, with and without TLS."""

import http.server
import ssl
import subprocess
import threading


class Authority:
    """A certificate authority that nobody else knows."""

    def __init__(self, directory, name):
        self.directory = directory
        self.name = name
        self.file = directory / f"{name}.pem"
        self.key = directory / f"{name}.key"
        run("req", "-x509", *FRESH, "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.file)

    def certificate(self, host):
        """A server's certificate and key for one name, in one file."""
        base = self.directory / f"{self.name}-{host}"
        request, key, signed = (base.with_suffix(f".{kind}") for kind in ("csr", "key", "crt"))
        extensions = base.with_suffix(".ext")
        extensions.write_text(f"subjectAltName=DNS:{host}\n")
        run("req", *FRESH, "-subj", f"/CN={host}", "-keyout", key, "-out", request)
        run(
            "x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key, "-CAcreateserial", "-days", "2",
            "-extfile", extensions, "-out", signed,
        )
        both = base.with_suffix(".both")
        both.write_text(signed.read_text() + key.read_text())
        return both


FRESH = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-sha256", "-batch")


def run(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Receiver:
    """Takes POSTs and remembers them: headers and body. `status` and `location` are what it answers."""

    def __init__(self, certificate=None, status=204, location=None):
        self.posts = []
        self.visits = 0  # connections, also those that ended before a request
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def setup(self):
                receiver.visits += 1
                if context:
                    self.request = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((self.headers, body))
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """A client that does not trust us is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
