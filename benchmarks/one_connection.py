"""A client in a process of its own, so that its work is not counted as the server's.

    python -m benchmarks.one_connection < REQUESTS

REQUESTS is a JSON object of `port`, `path`, `headers` and `bodies`. Each body is posted once the answer to
the one before is there, over one keep-alive connection; ends with 1 where an answer is not 200. It imports
nothing but what Python brings, as one is started for each run.
"""

from __future__ import annotations

import http.client
import json
import sys


def main() -> None:
    """Ask, one after the other."""
    asked = json.load(sys.stdin)
    connection = http.client.HTTPConnection("127.0.0.1", asked["port"])
    for body in asked["bodies"]:
        connection.request("POST", asked["path"], body, asked["headers"])
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.OK:
            sys.exit(1)


if __name__ == "__main__":
    main()
