"""JSON-RPC over HTTP with kept-alive connections and batches.

A transport error (nobody answered) leads to the next URL; a node's answer, refusals included, is an answer and is never
asked for again elsewhere. Repeating a request after a cut connection is safe: reads change nothing and a signed
transaction is the same bytes; what steers a local chain (`evm_…`, `anvil_…`) is not repeated.
"""

from __future__ import annotations

import base64
import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, Protocol, runtime_checkable
from urllib.parse import urlsplit

import orjson

from carbon_sdk.errors import InputError, NodeError, TransportError, TransportTimeout

Json = Any
"""What a node answers: whatever JSON can hold."""
Call = tuple[str, Sequence[Json]]
"""A method and its parameters."""


@runtime_checkable
class Endpoint(Protocol):
    """Whatever can carry JSON-RPC: our own HTTP client, or another library's provider."""

    @property
    def url(self) -> str:
        """Where it leads, without credentials; for messages."""

    def request(self, method: str, *parameters: Json) -> Json:
        """One request's result. Raises NodeError or TransportError."""

    def batch(self, calls: Sequence[Call]) -> list[Json | NodeError]:
        """Many requests; results in order, each the result or the error that the node answered."""


class HttpEndpoint:
    """One node or several of one chain. Safe to share between threads.

    Args:
        urls: `http://` or `https://`; the next ones are used when a former does not answer. A user and a password
            in a URL are sent as basic authentication.
        timeout: Seconds for one answer.
        batch_size: Requests in one batch; larger ones are divided.
        headers: Sent with each request, such as an access token.
    """

    def __init__(
        self,
        *urls: str,
        timeout: int = 30,
        batch_size: int = 100,
        headers: dict[str, str] | None = None,
    ) -> None:
        if not urls:
            raise InputError("Give at least one endpoint, such as http://127.0.0.1:8545.")
        self._targets = tuple(_Target(url, timeout, headers or {}) for url in urls)
        self._current = 0
        self._batch_size = batch_size
        self._ids = count(1)

    @property
    def url(self) -> str:
        """Where requests go now, without credentials."""
        return self._targets[self._current].shown

    @property
    def full_url(self) -> str:
        """Where requests go now, as given."""
        return self._targets[self._current].url

    def request(self, method: str, *parameters: Json) -> Json:
        """One request's result.

        Raises:
            NodeError: The node answered with an error.
            TransportError: No node answered.
        """
        body = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": parameters}
        answer = self._exchange(body, repeatable=_is_repeatable(method))
        if isinstance(answer, list):
            answer = answer[0] if answer else {}
        return _result(answer, method, raising=True)

    def batch(self, calls: Sequence[Call]) -> list[Json | NodeError]:
        """Many requests in as few exchanges as possible; each result, or the NodeError that was its answer.

        Raises:
            TransportError: No node answered.
        """
        results: list[Json | NodeError] = []
        for start in range(0, len(calls), self._batch_size):
            part = calls[start : start + self._batch_size]
            first = next(self._ids)
            for _ in part[1:]:
                next(self._ids)
            bodies = [
                {"jsonrpc": "2.0", "id": first + i, "method": method, "params": parameters}
                for i, (method, parameters) in enumerate(part)
            ]
            answers = self._exchange(bodies, repeatable=all(_is_repeatable(method) for method, _ in part))
            if isinstance(answers, dict):  # the node refused the batch as a whole
                refusal = _result(answers, "a batch", raising=False)
                if isinstance(refusal, NodeError) and refusal.code in (-32600, -32601) and len(part) > 1:
                    results.extend(self._one_by_one(part))
                    continue
                answers = [{**answers, "id": first + i} for i in range(len(part))]
            by_id = {answer.get("id"): answer for answer in answers}
            for i, (method, _) in enumerate(part):
                if first + i not in by_id:
                    raise TransportError(self.url, f"the answer to a batch lacks {method}")
                results.append(_result(by_id[first + i], method, raising=False))
        return results

    def _one_by_one(self, calls: Sequence[Call]) -> Iterator[Json | NodeError]:
        for method, parameters in calls:
            try:
                yield self.request(method, *parameters)
            except NodeError as error:
                yield error

    def _exchange(self, body: Json, *, repeatable: bool) -> Json:
        encoded = orjson.dumps(body)
        failed: TransportError | None = None
        for _ in self._targets:
            at = self._current
            try:
                return self._targets[at].exchange(encoded, repeatable=repeatable)
            except TransportError as error:
                failed = failed or error
                if not repeatable:
                    break
                self._current = (at + 1) % len(self._targets)
        assert failed is not None  # noqa: S101 -- there is at least one target
        raise failed

    def close(self) -> None:
        """Close this thread's connections."""
        for target in self._targets:
            target.drop()


class CallableEndpoint:
    """Another library's provider lent to us, such as Ape's or web3's.

    Args:
        send: From method and parameters to the result; raises what its library raises.
        url: For messages.
        refusal: From its library's exception to (code, message, data) when the node answered, else None.
    """

    def __init__(
        self,
        send: Callable[[str, list[Json]], Json],
        url: str,
        refusal: Callable[[Exception], tuple[int, str, Json] | None] = lambda error: None,
    ) -> None:
        self._send = send
        self._refusal = refusal
        self.url = url

    def request(self, method: str, *parameters: Json) -> Json:
        """One request's result. Raises NodeError or TransportError."""
        try:
            return self._send(method, list(parameters))
        except (NodeError, TransportError):
            raise
        except Exception as error:
            if answer := self._refusal(error):
                raise NodeError(*answer, method=method) from error
            raise TransportError(self.url, f"{type(error).__name__}: {error}") from error

    def batch(self, calls: Sequence[Call]) -> list[Json | NodeError]:
        """Many requests, one after another."""
        results: list[Json | NodeError] = []
        for method, parameters in calls:
            try:
                results.append(self.request(method, *parameters))
            except NodeError as error:
                results.append(error)
        return results


class _Target:
    """One URL, with one connection for each thread."""

    def __init__(self, url: str, timeout: int, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            raise InputError(f"{url!r} has no valid port.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"{url!r} is no endpoint: give an http:// or https:// address.")
        self.url = url
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.shown = f"{parts.scheme}://{host}{f':{port}' if port else ''}"
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout = timeout
        self._headers = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        if parts.username is not None:
            pair = base64.b64encode(f"{parts.username}:{parts.password or ''}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"
        self._local = threading.local()

    def exchange(self, body: bytes, *, repeatable: bool) -> Json:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            try:
                return self._once(connection, body)
            except TransportTimeout:
                raise
            except TransportError:
                if not repeatable:
                    raise
        return self._once(self._connect(), body)  # a kept connection may have been closed by the other side

    def drop(self) -> None:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout)
        self._local.connection = connection
        return connection

    def _once(self, connection: http.client.HTTPConnection, body: bytes) -> Json:
        try:
            connection.request("POST", self._path, body, self._headers)
            response = connection.getresponse()
            content = response.read()
        except TimeoutError:
            self.drop()
            raise TransportTimeout(self.shown, f"no answer within {self._timeout} s") from None
        except (OSError, http.client.HTTPException) as error:
            self.drop()
            raise TransportError(self.shown, _network_words(error)) from error
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise TransportError(self.shown, f"HTTP {response.status} without JSON") from None
        if response.status >= 400 and not (isinstance(answer, dict) and "error" in answer):
            raise TransportError(self.shown, f"HTTP {response.status}")
        if response.status in (429, 502, 503, 504):
            raise TransportError(self.shown, f"HTTP {response.status}")
        if not isinstance(answer, (dict, list)):
            raise TransportError(self.shown, "an answer that is no JSON-RPC")
        return answer


def _network_words(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, socket.gaierror):
        return "the host's name is unknown"
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
        return "the connection was cut"
    return str(error) or type(error).__name__


def _result(answer: Json, method: str, *, raising: bool) -> Json | NodeError:
    if "result" in answer and answer.get("error") is None:
        return answer["result"]
    details = answer.get("error") or {}
    if not isinstance(details, dict):
        details = {"message": str(details)}
    error = NodeError(
        int(details.get("code", 0)), str(details.get("message", "no reason")), details.get("data"), method=method
    )
    if raising:
        raise error
    return error


def _is_repeatable(method: str) -> bool:
    return not method.startswith(("evm_", "anvil_", "hardhat_"))
