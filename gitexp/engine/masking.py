"""Keeps secrets out of what is stored: hashed in parameters and variables, hidden in output."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


_HIDDEN = "[secret]"  # printed in place of a secret
_SHORTEST = 4  # characters; a shorter secret cannot be told from other words
_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*:)([^/\s]+)(?=@)")
# As in `password=x`, `"token": "x"` and `Authorization: Bearer x`.
_NAMED_VALUE = re.compile(
    r"""(?<![\w.-])([A-Za-z][\w.-]*)"""
    r"""(["']?[ \t]*[=:][ \t]*["']?(?:(?:Bearer|Basic)[ \t]+)?)"""
    r"""([^\s"',;}]+)""",
    re.ASCII,
)


def hash_secrets(values: Mapping[str, object], salt: bytes) -> dict[str, object]:
    """Replace the values of keys that are named like secrets, and passwords in URLs, by hashes.

    The hash is keyed with `salt`, which differs between clones, so equal secrets stay equal only
    within a clone. True, False and None are kept: they only say whether there is a secret.
    """
    return {key: _hashed(value, salt, secret=is_secret(str(key))) for key, value in values.items()}


def _hashed(value: object, salt: bytes, *, secret: bool) -> object:
    if isinstance(value, Mapping):
        return {
            key: _hashed(item, salt, secret=secret or is_secret(str(key)))
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_hashed(item, salt, secret=secret) for item in value]
    if secret and value is not None and not isinstance(value, bool):
        return _keyed_hash(str(value), salt)
    return hide_password(value, salt) if isinstance(value, str) else value


def _keyed_hash(text: str, salt: bytes) -> str:
    digest = hmac.digest(salt, text.encode(errors="surrogatepass"), "sha256")
    return f"hmac-sha256:{digest.hex()[:16]}"


def hide_secrets(text: str, values: Mapping[str, object]) -> str:
    """Hide the secrets in what a run printed: those that it was given, and what looks like one.

    `values` are the run's variables and parameters. Very short secrets are not hidden.
    """
    known = {value for value in _secrets(values) if len(value) >= _SHORTEST}
    for value in sorted(known, key=len, reverse=True):  # one may be part of another
        text = text.replace(value, _HIDDEN)
    text = _URL_PASSWORD.sub(rf"\g<1>{_HIDDEN}", text)
    return _NAMED_VALUE.sub(
        lambda found: f"{found[1]}{found[2]}{_HIDDEN}" if is_secret(found[1]) else found[0], text
    )


def _secrets(value: object, *, secret: bool = False) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            named = is_secret(str(key)) and key not in {"PWD", "OLDPWD"}
            yield from _secrets(item, secret=secret or named)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secrets(item, secret=secret)
    elif secret and value is not None and not isinstance(value, bool):
        yield str(value)


def hide_password(text: str, salt: bytes) -> str:
    """Hash the password of each `scheme://user:password@host` in the text."""
    return _URL_PASSWORD.sub(lambda found: found[1] + _keyed_hash(found[2], salt), text)


_SECRET = {
    "apikey", "apikeys", "accesskey", "auth", "authorization", "authtoken", "bearer", "credential",
    "credentials", "creds", "oauth", "passphrase", "passwd", "password", "passwords", "privatekey",
    "pwd", "secret", "secretkey", "secrets",
}  # fmt: skip
_SECRET_KEYS = {
    "access", "account", "api", "encryption", "license", "master", "private", "service", "signing",
    "ssh", "subscription",
}  # fmt: skip
# Tokens of a vocabulary, which the configs of language models name.
_VOCABULARY = {
    "audio", "bos", "class", "cls", "decoder", "end", "eos", "eot", "first", "forced", "image",
    "last", "mask", "newline", "next", "pad", "padding", "per", "sep", "separator", "special",
    "start", "stop", "text", "unk", "video",
}  # fmt: skip


def is_secret(name: str) -> bool:
    """Whether a key's words name a secret: `hf_token` and `accessKey` do, `max_tokens` does not."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]
    if any(word in _SECRET or word.endswith(("password", "secret")) for word in words):
        return True
    if any(word in {"key", "keys"} and before in _SECRET_KEYS for before, word in pairwise(words)):
        return True
    if words[-1:] == ["token"]:
        return _VOCABULARY.isdisjoint(words[-2:-1])
    return name.rpartition(".")[2].lower() == "key"
