"""Typed JSON: payloads are msgspec structs, and a wrong one says where and why."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
from flask import Response, request

from lms.kernel.refusal import Invalid, Malformed

_decoders: dict[type, msgspec.json.Decoder[Any]] = {}
Payload = TypeVar("Payload")


def decode(body: bytes, kind: type[Payload]) -> Payload:
    """Return the payload; raises Malformed (not JSON) or Invalid (wrong shape) with place and reason."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    if b"\\u0000" in body:
        raise Malformed(reason="a text holds the character NUL")  # which no database text can
    try:
        found: Payload = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Invalid(reason=str(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(reason=str(error)) from None
    return found


def encode(answer: object) -> bytes:
    """Return the answer as JSON bytes."""
    return msgspec.json.encode(answer)


def json_route(payload: type | None = None, returns: type | None = None) -> Callable[[Callable[..., object]], Callable[..., Response]]:
    """Make a view typed: the decoded payload is passed as `payload`, the returned struct is encoded.

    The types are read by the OpenAPI document.
    """

    def wrap(view: Callable[..., object]) -> Callable[..., Response]:
        @wraps(view)
        def answer(**arguments: object) -> Response:
            if payload is not None:
                arguments["payload"] = decode(request.get_data(cache=False), payload)
            found = view(**arguments)
            if isinstance(found, Response):
                return found
            return Response(encode(found), mimetype="application/json", headers={"Cache-Control": "private, no-store"})

        answer.payload_type = payload  # type: ignore[attr-defined]
        answer.answer_type = returns  # type: ignore[attr-defined]
        return answer

    return wrap
