"""`Idempotency-Key` for every POST: the first answer is given again, whatever the route.

A key belongs to the API key that it came with. What is kept is sealed with that API key, as answers may hold
a secret that nobody is to find on a disk. An answer leaves once it is kept. Only answers below 400 are: a
request that was refused may be mended and sent again with its key. Bodies of any size pass; of answers those
up to a mebibyte are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recolake.errors import InvalidInputError, RecolakeError
from recolake.tenancy.api_keys import KeyRecord, KeySnapshot
from recolake.tenancy.context import Tenant
from recolake.usage.tally import Tally, current_tally
from recolake.web.problems import answer_to, answer_to_system
from recolake.web.replays import Answer, Replays, refuse_another
from recolake.web.sealed import seal, unseal

HEADER = "Idempotency-Key"
MOST_CHARACTERS = 255
REPLAYED_HEADER = (b"idempotency-replayed", b"true")
_MOST_ANSWER_BYTES = 1 << 20
_BAD_REQUEST = 400


@dataclass
class _Recorder:
    """Hashes what a request brings, and holds back what it is answered until that is kept.

    An answer that is too large to be kept passes as it comes.
    """

    receive: Receive
    send: Send
    digest: hashlib._Hash
    status: int = 0
    media_type: str = ""
    held: list[Message] = field(default_factory=list)
    size: int = 0
    complete: bool = False
    read: bool = False

    async def receiving(self) -> Message:
        message = await self.receive()
        self.digest.update(message.get("body", b""))
        self.read = not message.get("more_body", False)
        return message

    async def sending(self, message: Message) -> None:
        self.held.append(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = dict(message.get("headers", []))
            self.media_type = headers.get(b"content-type", b"").decode("latin-1")
            return
        self.size += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self.size > _MOST_ANSWER_BYTES:
            await self.release()

    async def release(self) -> None:
        """Let go of what is held."""
        while self.held:
            await self.send(self.held.pop(0))

    @property
    def worth_keeping(self) -> bool:
        return self.complete and self.status < _BAD_REQUEST and self.size <= _MOST_ANSWER_BYTES

    @property
    def body(self) -> bytes:
        """Media type and content, as they are kept."""
        content = b"".join(message.get("body", b"") for message in self.held)
        return self.media_type.encode() + b"\n" + content


class IdempotencyMiddleware:
    """Replays answers of POSTs under some paths.

    Args:
        keys: who may have answers kept; a request without a valid API key passes, to be refused further in.
        handles: whether a path is this middleware's; others keep their own answers.
        keeps: whether an answer of a path is kept. Of others a retry is answered anew, but its call has
            the same name, so that it is billed once.
        judge: raises where an answer of a tenant may not be given again.
    """

    def __init__(
        self,
        app: ASGIApp,
        replays: Replays,
        keys: KeySnapshot,
        handles: Callable[[str], bool],
        keeps: Callable[[str], bool] = lambda _: True,
        judge: Callable[[Tenant, bytes], None] = lambda _, __: None,
    ) -> None:
        self._app, self._replays, self._keys, self._handles = app, replays, keys, handles
        self._keeps = keeps
        self._judge = judge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not self._handles(scope["path"]):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        named, secret = request.headers.get(HEADER), _bearer(request)
        caller = self._keys.lookup(secret) if named is not None and secret else None
        if named is None or caller is None:
            await self._app(scope, receive, send)
            return
        try:
            replayed = await self._answer(scope, receive, send, caller, secret, named)
        except RecolakeError as error:
            await answer_to(request, error)(scope, receive, send)
            return
        except OSError as error:
            # There is no room to remember the answer, so it did not leave.
            await (await answer_to_system(request, error))(scope, receive, send)
            return
        if replayed is not None:
            await replayed(scope, receive, send)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, caller: KeyRecord, secret: str, named: str
    ) -> Response | None:
        """The first answer, if the key came before; else let the request pass, and keep its answer."""
        if not 1 <= len(named) <= MOST_CHARACTERS:
            raise InvalidInputError(
                f"{HEADER} has 1 to {MOST_CHARACTERS} characters.", hint="Send a UUID.", field=HEADER
            )
        own = f"{caller.key_id}\n{named}".encode()
        key, lock = hashlib.sha256(own).digest(), ExitStack()
        digest = hashlib.sha256(f"POST {scope['path']}?{scope['query_string'].decode('latin-1')}\n".encode())
        if not self._keeps(scope["path"]):
            sent = await _drain(receive, digest)
            _name_call(own, digest)
            await self._app(scope, _again(sent, receive), send)
            return None
        async with AsyncExitStack() as stack:
            await run_in_threadpool(lock.enter_context, self._replays.alone(caller.tenant, key))
            stack.push_async_callback(run_in_threadpool, lock.close)
            found = await run_in_threadpool(self._replays.find, caller.tenant, key)
            if found is not None:
                await _drain(receive, digest)
                refuse_another(found[0], digest.digest())
                body = unseal(secret.encode(), found[1].body)
                if body is not None:
                    await run_in_threadpool(self._judge, caller.tenant, body.partition(b"\n")[2])
                return _response(found[1], body)
            _name_call(own, digest)
            passing = _Recorder(receive, send, digest)
            await self._app(scope, passing.receiving, passing.sending)
            if passing.worth_keeping:
                if not passing.read:
                    # A route that takes no body has not looked at it; a retry is compared with all of it.
                    await _drain(receive, digest)
                answer = Answer(passing.status, seal(secret.encode(), passing.body))
                await run_in_threadpool(
                    self._replays.keep, caller.tenant, key, passing.digest.digest(), answer
                )
            await passing.release()
        return None


def _bearer(request: Request) -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret if scheme.lower() == "bearer" else ""


def _name_call(own: bytes, digest: hashlib._Hash) -> None:
    """What is billed for the call has the same name as for its retries."""
    (current_tally.get() or Tally()).call = hashlib.sha256(own + digest.digest()).hexdigest()[:32]


async def _drain(receive: Receive, digest: hashlib._Hash) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        digest.update(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives a body that was read to whoever reads it next."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receiving() -> Message:
        return messages.pop() if messages else await receive()

    return receiving


def _response(answer: Answer, body: bytes | None) -> Response:
    """The answer again; without its body where that cannot be opened, which takes a damaged file."""
    if body is None:
        return Response(status_code=answer.status)
    media_type, _, content = body.partition(b"\n")
    replayed = Response(content, answer.status, media_type=media_type.decode() or None)
    replayed.raw_headers.append(REPLAYED_HEADER)
    return replayed
