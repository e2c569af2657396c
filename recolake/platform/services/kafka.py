"""A Kafka broker: one process in KRaft mode, from Maven Central's jars, on loopback alone."""

from __future__ import annotations

import base64
import os
import subprocess
import uuid
from pathlib import Path

from recolake.errors import ServiceUnavailableError
from recolake.files import write_atomically
from recolake.platform import probes
from recolake.platform.jars import broker_jars
from recolake.platform.java import java_home
from recolake.platform.ports import choose_port
from recolake.platform.service import HOST, Context, PlatformService

_LOG_SETTINGS = Path(__file__).with_name("spark-log4j2.properties")
_CONTROLLER = "kafka-controller"
_CONTROLLER_PORT = 9093
LARGEST_MESSAGE = 32 << 20
"""Bytes; a request to the API, which becomes one message, may have 32 MiB."""


class Kafka(PlatformService):
    """It is its own controller, and has no replicas: so it flushes what it acknowledges."""

    name = "kafka"
    endpoint = "kafka"
    preferred_port = 9092
    on_request = True

    def _data(self, context: Context) -> Path:
        return context.settings.home / "kafka"

    def url(self, context: Context) -> str:
        return f"kafka://{HOST}:{context.port}"

    def environment(self, context: Context) -> dict[str, str]:
        return {"JAVA_HOME": str(java_home())}

    def prepare(self, context: Context) -> None:
        """Write its configuration; on the first start, format its folder."""
        folder = self._data(context)
        folder.mkdir(parents=True, exist_ok=True)
        controller = choose_port(context.settings, _CONTROLLER, _CONTROLLER_PORT)
        text = "".join(f"{k}={v}\n" for k, v in self._options(context, controller).items())
        write_atomically(self._configuration(context), text.encode())
        if not (folder / "log" / "meta.properties").exists():
            self._format(context)

    def _options(self, context: Context, controller: int) -> dict[str, object]:
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "listeners": f"PLAINTEXT://{HOST}:{context.port},CONTROLLER://{HOST}:{controller}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self._data(context) / "log",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 1,
            "message.max.bytes": LARGEST_MESSAGE + (1 << 20),
            "log.flush.interval.messages": 1,
        }

    def _configuration(self, context: Context) -> Path:
        return self._data(context) / "server.properties"

    def _format(self, context: Context) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        done = subprocess.run(
            [
                *self._java("-Xmx128m"),
                "kafka.tools.StorageTool",
                "format",
                "--ignore-formatted",
                "--cluster-id",
                cluster,
                "--config",
                str(self._configuration(context)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServiceUnavailableError(
                f"Kafka's folder could not be formatted:\n{(done.stdout + done.stderr).strip()[-2000:]}"
            )

    def _java(self, *options: str) -> list[str]:
        return [
            str(java_home() / "bin" / "java"),
            *options,
            f"-Dlog4j2.configurationFile=file:{_LOG_SETTINGS}",
            "-cp",
            os.pathsep.join(map(str, broker_jars())),
        ]

    def command(self, context: Context) -> list[str]:
        options = ("-Xms64m", "-Xmx512m", "-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError")
        return [*self._java(*options), "kafka.Kafka", str(self._configuration(context))]

    def healthy(self, context: Context) -> bool:
        """Whether it answers the question which versions of its protocol it speaks."""
        return probes.says(context.port, _API_VERSIONS, _ANSWER)


# A request of the type ApiVersions (18), version 0, with the correlation id 7 and no client; the answer's
# length, which differs between releases, fits into two bytes.
_API_VERSIONS = b"\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x07\xff\xff"
_ANSWER = b"\x00\x00"
