"""Apache Kafka's own command-line tools."""

import pathlib
import subprocess

from .cluster import clean_environment


class KafkaTools:
    def __init__(self, home):
        self.home = pathlib.Path(home)

    def run(self, name, *words, text=None, expected=0, limit=60):
        """Runs bin/NAME.sh; returns what it printed. Fails the test when it ends otherwise than expected."""
        process = self.finish(self.start(name, *words), text, limit)
        output = process.stdout_text + process.stderr_text
        assert process.returncode == expected, f"{name} {' '.join(map(str, words))} ended with {process.returncode}:\n{output}"
        return output

    def start(self, name, *words):
        """Starts it in the background, to be given to `finish`: several JVMs start in the time of one."""
        environment = clean_environment(
            KAFKA_HEAP_OPTS="-Xmx256M", KAFKA_JVM_PERFORMANCE_OPTS="-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
        )
        return subprocess.Popen(
            [self.home / "bin" / f"{name}.sh", *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def finish(self, process, text=None, limit=60):
        try:
            process.stdout_text, process.stderr_text = process.communicate(text, timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise
        return process
