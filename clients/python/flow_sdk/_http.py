"""Sends requests with the key, retries what may be retried, and turns refusals into errors."""

from __future__ import annotations

import json
import os
import random
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any, Mapping, Optional

_RETRIED = {429, 502, 503, 504}
_LONGEST_PAUSE = 30.0


class FlowError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, code: str, message: str, body: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status."""
        self.code = code
        """Stable and machine-readable, such as ``PACK_LIMIT_REACHED``; empty if the answer had none."""
        self.body = body
        """The whole body, as the portal sent it."""

    @property
    def upgrade(self) -> bool:
        """Whether a higher plan would help."""
        return self.body.get("upgrade") is True


class Http:
    def __init__(self, key: str, base_url: Optional[str], max_retries: int, timeout: float) -> None:
        self._key = key
        self._base_url = (base_url or os.environ.get("FLOW_BASE_URL") or "http://localhost:5080").rstrip("/")
        self._max_retries = max_retries
        self._timeout = timeout

    def get(self, path: str, query: Optional[Mapping[str, Any]] = None) -> Any:
        pairs = {name: value for name, value in (query or {}).items() if value is not None}
        return self._call("GET", f"{path}?{urllib.parse.urlencode(pairs)}" if pairs else path)

    def post(self, path: str, body: Any = None, idempotency_key: Optional[str] = None) -> Any:
        return self._call("POST", path, body, idempotency_key or str(uuid.uuid4()))

    def put(self, path: str, body: Any) -> Any:
        return self._call("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def _call(self, method: str, path: str, body: Any = None, idempotency_key: Optional[str] = None) -> Any:
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        data = None if body is None else json.dumps(body).encode()
        attempt = 0
        while True:
            request = urllib.request.Request(self._base_url + path, data=data, headers=headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=self._timeout) as answer:
                    return _parse(answer.read())
            except urllib.error.HTTPError as refused:
                with refused:
                    wait = refused.headers.get("Retry-After")
                    # A pack limit is answered 429 too, and waiting a moment does not help.
                    may_retry = refused.code in _RETRIED and (refused.code != 429 or wait is not None)
                    if not may_retry or attempt >= self._max_retries:
                        raise _error(refused.code, refused.reason, refused.read()) from None
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                # A request with an idempotency key, or one that changes nothing, may be sent again.
                if attempt >= self._max_retries or (method != "GET" and idempotency_key is None):
                    raise
                wait = None
            _pause(wait, attempt)
            attempt += 1


def _parse(raw: bytes) -> Any:
    return json.loads(raw) if raw else None


def _error(status: int, reason: str, raw: bytes) -> FlowError:
    try:
        body = json.loads(raw)
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    return FlowError(status, str(body.get("code") or ""), str(body.get("message") or body.get("error") or reason), body)


def _pause(asked: Optional[str], attempt: int) -> None:
    seconds = float(asked) if asked is not None and asked.isdigit() else 0.2 * 2**attempt * (1 + random.random())
    time.sleep(min(seconds, _LONGEST_PAUSE))


def segment(text: str) -> str:
    """A text as one part of a path."""
    return urllib.parse.quote(text, safe="")


def given(**fields: Any) -> dict[str, Any]:
    """The fields that were given a value."""
    return {name: value for name, value in fields.items() if value is not None}
