"""Keeps secrets out of what is stored: hashed in parameters and variables, hidden in output."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

_HIDDEN = "[secret]"  # printed in place of a secret
_NO_SECRET = {"true", "false", "none", "null", "yes", "no", _HIDDEN}  # whether there is a secret
_SHORTEST = 4  # characters; a shorter secret cannot be told from other words
_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*:)([^/\s]+)(?=@)")
# As in `password=x`, `--token=x`, `"token": "x y"` and `Authorization: Bearer x`.
_NAMED_VALUE = re.compile(
    r"""(?<![\w.])([A-Za-z][\w.-]*)"""
    r"""(["']?[ \t]*[=:][ \t]*["']?(?:(?i:Bearer|Basic|Token|ApiKey)[ \t]+)?)"""
    r"""((?<=")[^"\n]+|(?<=')[^'\n]+|[^\s"',;}]+)""",
    re.ASCII,
)
# As in `--token x`; a word in capitals is what a usage text says.
_OPTION_VALUE = re.compile(
    r"""(?<![\w-])(--?[A-Za-z][\w.-]*)([ \t]+["']?)(?![A-Z_]+\b)"""
    r"""((?<=")[^"\n]+|(?<=')[^'\n]+|[^\s"',;\])}-][^\s"',;\])}]*)""",
    re.ASCII,
)
# What providers give out, by its beginning and its length.
_KNOWN_FORM = re.compile(
    r"""(?<![\w-])(?:
        sk-(?=[A-Za-z_-]*\d)[\w-]{16,}            # OpenAI, Anthropic
      | [rs]k_(?:live|test)_\w{16,}               # Stripe
      | hf_[A-Za-z0-9]{30,} | gh[oprsu]_\w{20,} | github_pat_\w{30,} | glpat-[\w-]{16,}
      | (?:AKIA|ASIA)[A-Z0-9]{16}\b               # Amazon
      | AIza[\w-]{35}                             # Google
      | xox[abeprs]-[\w-]{10,}                    # Slack
      | npm_\w{36} | pypi-[\w-]{50,}
      | eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,}     # JSON Web Tokens
    )""",
    re.ASCII | re.VERBOSE,
)
_BEARER = re.compile(r"(?i:(?<=\bBearer ))[A-Za-z0-9._~+/=-]{16,}")
_KEY_NAME = "[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
# A block that was cut off has only one of its ends.
_KEY_BLOCK = re.compile(
    rf"(-----BEGIN {_KEY_NAME})(?:[\s\S]*?(?=-----END {_KEY_NAME})|(?:\s+[A-Za-z0-9+/=]{{16,}})*)"
    rf"|(?:^[A-Za-z0-9+/=]{{16,}}\s+)+(?=-----END {_KEY_NAME})",
    re.MULTILINE,
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
    if not isinstance(value, str):
        return value
    return _KNOWN_FORM.sub(lambda found: _keyed_hash(found[0], salt), hide_password(value, salt))


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
    text = _KEY_BLOCK.sub(lambda found: (found[1] or "") + _HIDDEN, text)
    for form in (_KNOWN_FORM, _BEARER):
        text = form.sub(_HIDDEN, text)
    for form in (_NAMED_VALUE, _OPTION_VALUE):
        text = form.sub(_without_value, text)
    return text


def _without_value(found: re.Match[str]) -> str:
    name, between, value = found.groups()
    if not is_secret(name) or value.lower() in _NO_SECRET:
        return found[0]
    return f"{name}{between}{_HIDDEN}"


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
    "last", "mask", "max", "min", "n", "newline", "next", "num", "pad", "padding", "per", "sep",
    "separator", "special", "start", "stop", "text", "unk", "video",
}  # fmt: skip


@lru_cache(4096)
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
