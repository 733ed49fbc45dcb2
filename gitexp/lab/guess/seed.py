"""How a seed gets into a run: by a placeholder, an option, a variable or a key of the config."""

from __future__ import annotations

import re
from pathlib import Path

from gitexp.engine.command import shell_syntax
from gitexp.lab.guess.command import Program, read_text
from gitexp.lab.guess.config import files_in_use, leaves_of, numbers_in, typed_key
from gitexp.lab.guess.script import SPLITTERS, Script
from gitexp.lab.guess.wrapper import seed_variable

SEEDS = (
    "seed", "random_seed", "random_state", "manual_seed", "rng_seed", "seed_everything",
    "global_seed",
)  # fmt: skip
_NO_SEED = (
    "the training command does not get the seed, so repeats would {}: use {{seed}} in the command,"
    " seed_key in the settings, or GITEXP_SEED in the script"
)
_OPTION = re.compile(
    r"""["'](--(?:(?:random|manual|rng|global)[_-]?)?seed|--random[_-]state)["']"""
    r"""|DEFINE_integer\(\s*["'](seed|random_seed)["']""",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"""(?:environ(?:\.get)?|getenv)\s?[\[(]\s?["']([A-Z_]*SEED)["']""")
_OF_GITEXP = re.compile(r"GITEXP_SEED|gitexp\.seed")
_SPLITS = re.compile(rf"(?:\w+\.)*(?:{'|'.join(sorted(SPLITTERS))})\(")
_PASSES_ON = re.compile(r"""\$[@*]|\$\{@""")  # a shell script that hands its options on


def find_seed(
    folder: Path, program: Program, command: str, config: str, read: Script, vary: str
) -> tuple[str, str, str]:
    """The command with the seed in it, the key of the seed, and a warning if there is no way."""
    script, no_seed = read.text, _NO_SEED.format("differ by chance alone, or not at all")
    if read.seeded:
        place, number = read.seeded
        no_seed = _NO_SEED.format("all be the same run") + (
            f". {place} is the seed of every run; instead of {number} write:\n"
            f'  int(os.environ.get("GITEXP_SEED", {number}))'
        )
    starter = read_text(folder / program.wrapper) if program.wrapper else ""
    if "{seed}" in command or _OF_GITEXP.search(script + starter):
        return command, "", ""
    if key := _find_key(folder, config, command, redrawn=vary == "split"):
        return command, key, ""
    # `cd sub && python train.py` ends with the program, so an option can be added.
    if not set(shell_syntax(command)) <= {"cd", "&&"} or command.count("&&") > 1:
        return command, "", no_seed
    if program.target and (variable := seed_variable(starter)):
        return f"{command} {variable}={{seed}}", "", ""
    variable = _variable(script) or _variable_of_shell(starter)
    if variable and "&&" not in command:
        return f"{variable}={{seed}} {command}", "", ""
    option = _find_option(folder, program.path, script)
    if option and (not starter or (_PASSES_ON.search(starter) and not program.target)):
        return _with_option(command, option), "", ""
    return command, "", no_seed if command else ""


def _find_option(folder: Path, path: str, script: str) -> str:
    """The option of a script that takes the seed, named in its text or by a parameter."""
    if named := _OPTION.search(script):
        return named[1] or f"--{named[2]}"
    names = [str(key[-1]) for key in leaves_of(folder, path)] if path.endswith(".py") else []
    options = {f"--{seed.replace('_', '-')}" for seed in SEEDS}
    return next((name for name in names if name in options), "")


def _with_option(command: str, option: str) -> str:
    """Give the seed to an option; a number that it has already is replaced."""
    there = re.compile(rf"({re.escape(option)}[ =])[0-9]+(?=\s|$)")
    if there.search(command):
        return there.sub(r"\1{seed}", command)
    return f"{command} {option} {{seed}}"


def _variable(script: str) -> str:
    found = [name for name in _VARIABLE.findall(script) if name != "PYTHONHASHSEED"]
    return found[0] if found else ""


def _variable_of_shell(starter: str) -> str:
    """Variable that a shell script takes its seed from, and does not set itself."""
    name = seed_variable(starter)
    is_set = re.search(rf"^\s*(?:export\s+)?{name}=[^$\n]*$", starter, re.MULTILINE)
    return "" if is_set else name


def _find_key(folder: Path, config: str, command: str, *, redrawn: bool) -> str:
    """The key of the seed; that of a split only if it is to be `redrawn`."""
    found = [*numbers_in(folder, config)] if config else []
    every = [key for _, key, _ in found]
    chosen = files_in_use(folder, config, command)
    leaves = leaves_of(folder, config) if config.endswith(".py") and not redrawn else {}
    for file, key, value in found:
        call = leaves.get((*key[:-1], "(call)"))
        if (chosen and file not in chosen) or _SPLITS.match(getattr(call, "text", "")):
            continue
        name = str(key[-1]).rpartition(".")[2].lower()
        # An option of argparse gets its value from the command.
        plain = name if config.endswith(".py") else name.lstrip("-").replace("-", "_")
        if plain in SEEDS and type(value) is int:
            return typed_key(key, every)
    return ""
