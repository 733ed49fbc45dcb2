"""The scripts by which shells ask for completion, and where each shell finds them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from gitexp.errors import UsageError

_BASH = """\
# Completion of gitexp for bash.
_gitexp() {
    local IFS=$'\\n' answer kind
    answer=$(_GITEXP_COMPLETE=bash gitexp "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    read -r -d '' -a COMPREPLY <<< "$answer"
    kind=${COMPREPLY[0]}
    COMPREPLY=("${COMPREPLY[@]:1}")
    if [[ $kind == files ]]; then
        compopt -o default 2>/dev/null
    elif [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[=:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -F _gitexp gitexp
"""

_ZSH = """\
#compdef gitexp
# Completion of gitexp for zsh.
_gitexp() {
    local -a answer open done
    local line
    answer=("${(@f)$(_GITEXP_COMPLETE=zsh gitexp "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
    for line in "${(@)answer[2,-1]}"; do
        line=${line//:/\\\\:}
        if [[ $line == *[=:] ]]; then open+=("$line"); else done+=("${line/$'\\t'/:}"); fi
    done
    (( $#done )) && _describe -V gitexp done
    (( $#open )) && _describe -V gitexp open -S ''
    [[ ${answer[1]} == files ]] && _files
}
if [[ $funcstack[1] == _gitexp ]]; then _gitexp "$@"; else compdef _gitexp gitexp; fi
"""

_FISH = """\
# Completion of gitexp for fish.
function __gitexp_answer
    set -l words (commandline -opc)[2..-1] (commandline -ct)
    set -l answer (env _GITEXP_COMPLETE=fish gitexp $words 2>/dev/null)
    printf '%s\\n' $answer[2..-1]
    if test "$answer[1]" = files
        __fish_complete_path (commandline -ct)
    end
end
complete --command gitexp --no-files --arguments '(__gitexp_answer)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@dataclass(frozen=True, slots=True)
class Installed:
    """Where a script was written, and the file of yours that loads it, if one has to."""

    script: Path
    loaded_by: Path | None


def script_for(shell: str) -> str:
    """Return the script for a shell.

    Raises:
        UsageError: there is none.
    """
    if shell not in SCRIPTS:
        raise UsageError(
            f"there is no completion for {shell or 'an unknown shell'}",
            "print one of bash, zsh or fish: gitexp --show-completion bash",
        )
    return SCRIPTS[shell]


def install(shell: str, home: Path) -> Installed:
    """Write the script of a shell below a home folder, and have the shell load it.

    Doing so again changes nothing.

    Raises:
        UsageError: there is no completion for the shell.
    """
    text = script_for(shell)
    if shell == "fish":
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        return Installed(_written(folder / "fish/completions/gitexp.fish", text), None)
    if shell == "zsh":
        script = _written(home / ".zfunc/_gitexp", text)
        loads = "fpath+=~/.zfunc; autoload -Uz compinit; compinit"
        return Installed(script, _with_line(home / ".zshrc", loads))
    script = _written(home / ".bash_completions/gitexp.sh", text)
    return Installed(script, _with_line(home / ".bashrc", f"source '{script}'"))


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _with_line(path: Path, line: str) -> Path:
    """Have a line in a file; what the file has stays."""
    old = path.read_text("utf-8") if path.is_file() else ""
    if line not in old.splitlines():
        gap = "" if not old or old.endswith("\n") else "\n"
        path.write_text(f"{old}{gap}{line}\n", encoding="utf-8")
    return path
