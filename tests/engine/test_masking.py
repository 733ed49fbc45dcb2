from __future__ import annotations

import json
import re

import pytest

from gitexp.engine.masking import hash_secrets, hide_secrets

SALT = b"of this clone"


HASHED = re.compile("hmac-sha256:[0-9a-f]{16}")


BEGIN, END = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
BODY = "MIIEowIBAAKCAQEA7bq\n"

SECRET = [
    "password", "passwd", "token", "secret", "api_key", "apikey", "API-KEY", "apiKey", "APIKey",
    "accessKey", "credential", "credentials", "private_key", "privateKey", "auth", "hf_token",
    "HF_TOKEN", "hfToken", "aws_secret_access_key", "db.password", "dbpassword", "client_secret",
    "key", "wandb.key", "basic_auth", "oauth2", "access_token", "secrets",
]  # fmt: skip


@pytest.mark.parametrize("key", SECRET)
def test_what_stands_under_a_secrets_name_is_hashed(key: str) -> None:
    hashed = hash_secrets({key: "open sesame"}, SALT)[key]
    assert isinstance(hashed, str)
    assert HASHED.fullmatch(hashed)


HARMLESS = [
    "tokenizer", "max_tokens", "keyboard", "monkey", "num_keys", "author", "authority", "key_dim",
    "sort_key", "secretary", "pad_token", "eos_token", "token_dropout", "n_tokens_per_batch",
    "passes", "pass_rate", "keys", "compass", "seed_key",
]  # fmt: skip


@pytest.mark.parametrize("key", HARMLESS)
def test_what_only_looks_like_a_secrets_name_is_kept(key: str) -> None:
    assert hash_secrets({key: "open sesame"}, SALT) == {key: "open sesame"}


def test_secrets_are_hashed_at_every_depth() -> None:
    values = {
        "store": {"credentials": {"user": "me", "pins": [1234, {"a": 1.5}]}, "port": 80},
        "runs": [{"token": "x"}, {"lr": 0.1}],
        "use_auth": True,
        "token": None,
        "C": 10,
    }
    hashed = json.loads(json.dumps(hash_secrets(values, SALT)))

    assert len(HASHED.findall(json.dumps(hashed))) == 4
    assert hashed["store"]["port"] == 80
    assert hashed["runs"][1] == {"lr": 0.1}
    assert hashed["use_auth"] is True
    assert hashed["token"] is None
    assert hashed["C"] == 10
    assert "me" not in hashed["store"]["credentials"].values()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("in as open sesame!", "in as [secret]!"),
        ("a longer one: open sesame 2", "a longer one: [secret]"),
        ("at /home/ada, pin 123, 12 epochs", "at /home/ada, pin 123, 12 epochs"),
        ("db_password=abc, next", "db_password=[secret], next"),
        ("{'token': 'abc', 'n': 1}", "{'token': '[secret]', 'n': 1}"),
        ("Authorization: Bearer a.b.c", "Authorization: Bearer [secret]"),
        ("from https://me:abc@host/x", "from https://me:[secret]@host/x"),
        ('db_password="open sea me", n=1', 'db_password="[secret]", n=1'),
        ("--token=abc --api-key 'a b' --lr 0.1", "--token=[secret] --api-key '[secret]' --lr 0.1"),
        ("as sk-ant-api03-Ab12_cd34-ef56gh78: ok", "as [secret]: ok"),
        ("AKIAIOSFODNN7EXAMPLE hf_" + "aB" * 17, "[secret] [secret]"),
        ("ghp_" + "a1" * 18 + ", xoxb-12345-abcdef", "[secret], [secret]"),
        ("sent Bearer abcdefgh.ijklmn-op", "sent Bearer [secret]"),
        ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxIn0.abc_def", "[secret]"),
        (f"{BEGIN}\n{BODY}{BODY}{END}\nepoch 3", f"{BEGIN}[secret]{END}\nepoch 3"),
        (f"{BEGIN}\n{BODY}[...]\n{BODY}{END}", f"{BEGIN}[secret]{END}"),
        (f"{BEGIN}\n{BODY}[...]\nepoch 3", f"{BEGIN}[secret]\n[...]\nepoch 3"),
        (f"[...]\n{BODY}{END}\nepoch 3", f"[...]\n[secret]{END}\nepoch 3"),
    ],
)
def test_what_a_run_prints_is_shown_without_secrets(text: str, shown: str) -> None:
    values = {
        "config.toml": {"db": {"password": "open sesame"}, "pin.secret": 123, "use_auth": True},
        "API_TOKEN": "open sesame 2", "PWD": "/home/ada", "HOME": "/home/ada",
    }  # fmt: skip
    assert hide_secrets(text, values) == shown


@pytest.mark.parametrize(
    "text",
    [
        "epoch: 3 max_tokens=512 accuracy=0.9 token_count=12 max_token=3",
        "usage: train.py [--token TOKEN] [--lr LR] --pad-token </s> --key-dim 64 -k 5",
        "use_auth=true auth: None --token --lr 0.1",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 sha256:" + "0f" * 32,
        "task-0001-abcdefghijklmnop sk-learn-contrib-imbalanced risk-adjusted-return-2024",
        "the bearer of bad news; monkey=1 keyboard: x; passes: 3; author: me",
        "saved to runs/2024-01-01T00:00:00/model-epoch=03-val_loss=0.12.ckpt",
        "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0B\n-----END CERTIFICATE-----",
        "https://host:8080/me@here git@github.com:me/project.git tcp://127.0.0.1:8786",
    ],
)
def test_ordinary_output_is_shown_as_it_is(text: str) -> None:
    assert hide_secrets(text, {}) == text


def test_a_value_that_looks_like_a_secret_is_hashed_under_any_name() -> None:
    hashed = hash_secrets({"note": "use sk-proj-abcdefgh12345678", "C": "sk-learn"}, SALT)
    assert HASHED.sub("#", str(hashed["note"])) == "use #"
    assert hashed["C"] == "sk-learn"


def test_equal_secrets_stay_equal_under_one_salt_only() -> None:
    assert hash_secrets({"token": "x"}, SALT) == hash_secrets({"token": "x"}, SALT)
    assert hash_secrets({"token": "x"}, SALT) != hash_secrets({"token": "y"}, SALT)
    assert hash_secrets({"token": "x"}, SALT) != hash_secrets({"token": "x"}, b"another")
    assert hash_secrets({"token": "\ud800"}, SALT)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://me:p@ss@host/db", "postgres://me:#@host/db"),
        ("redis://:hidden@host:6379/0", "redis://:#@host:6379/0"),
        ("a://u:p@h b+c://u:p@h/?x=@", "a://u:#@h b+c://u:#@h/?x=@"),
        ("https://host:8080/me@here", "https://host:8080/me@here"),
        ("https://me@host/", "https://me@host/"),
        ("git@host:path", "git@host:path"),
    ],
)
def test_passwords_inside_urls_are_hashed(url: str, expected: str) -> None:
    hashed = hash_secrets({"data": [url]}, SALT)["data"]
    assert isinstance(hashed, list)
    assert HASHED.sub("#", hashed[0]) == expected
