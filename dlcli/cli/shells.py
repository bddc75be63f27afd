"""What bash, zsh and fish ask when the tab key is pressed, and how each is answered: the one room of what Typer keeps private.

Typer's own answers hold names as they are, which a shell then takes apart; and it takes what stands behind `--option=`, or
begins with a minus, for another option.
"""

from __future__ import annotations

import os
import shlex
from typing import Any

import typer
from typer import _completion_classes, _completion_shared, completion
from typer._click.shell_completion import (
    CompletionItem,
    ShellComplete,
    _is_incomplete_option,
    _resolve_context,
    _resolve_incomplete,
    add_completion_class,
)

from dlcli.cli.begun_line import FISH, BegunLine, begun_line, insertable

COMPLETE = "_DLCLI_COMPLETE"
"""The variable that the scripts set."""
LINE = "_TYPER_COMPLETE_ARGS"
"""The line as zsh and fish hand it over."""
BASH = r"""
%(complete_func)s() {
    mapfile -t COMPREPLY < <( env COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" COMP_WORDBREAKS="$COMP_WORDBREAKS" \
                              %(autocomplete_var)s=complete_bash "$1" )
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
}

complete -o default -F %(complete_func)s %(prog_name)s
"""
ZSH = """
#compdef %(prog_name)s

%(complete_func)s() {
  eval "$(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" %(autocomplete_var)s=complete_zsh %(prog_name)s)"
}

compdef %(complete_func)s %(prog_name)s
"""


class Answering(ShellComplete):
    """Answers whole words, with what stands before a `=`; what cannot stand on a line is not offered."""

    begun: BegunLine

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is begun, and that."""
        self.begun = self.read_line()
        return list(self.begun.words[1:]), self.begun.text

    def read_line(self) -> BegunLine:
        """The line as a shell of POSIX hands it over."""
        return begun_line(os.environ[LINE])

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """The values of the option that waits for one, else what Typer finds."""
        name, equals, value = incomplete.partition("=")
        before = f"{name}=" if equals and name.startswith("-") else ""
        context = _resolve_context(self.cli, self.ctx_args, self.prog_name, args)
        given = [*args, name] if before else args
        waiting = [each for each in context.command.get_params(context) if _is_incomplete_option(context, given, each)]
        if waiting:
            found = waiting[0].shell_complete(context, value if before else incomplete)
        else:
            asked, text = _resolve_incomplete(context, list(args), incomplete)
            found = asked.shell_complete(context, text)
        return [
            CompletionItem(before + each.value, help=each.help)
            for each in found
            if each.type == "plain" and each.value.isprintable()
        ]


class Bash(Answering, _completion_classes.BashComplete):
    """Replaces the end of a word alone, and inserts what it is given as it is."""

    source_template = BASH

    def read_line(self) -> BegunLine:
        """The line up to the cursor."""
        line, cursor = os.environ["COMP_LINE"], int(os.environ["COMP_POINT"])
        return begun_line(line[:cursor], breaks=os.environ["COMP_WORDBREAKS"])

    def format_completion(self, item: CompletionItem) -> str:
        """The end that replaces what is begun."""
        return insertable(item.value[self.begun.kept :], self.begun.quote)


class Zsh(Answering, _completion_classes.ZshComplete):
    """Quotes what it inserts by itself; what it is answered is a line of its language."""

    source_template = ZSH

    def complete(self) -> str:
        """The calls that offer the words; files where there are none."""
        found = self.get_completions(*self.get_completion_args())
        if not found:
            return "compset -P 1 '-*='; _files"
        if any(each.help for each in found):
            described = [f"{colons_kept(each.value)}:{each.help or ''}" for each in found]
            return f"local -a offered=({shlex.join(described)}); _describe '' offered"
        going_on = [each.value for each in found if each.value.endswith("=")]
        whole = [each.value for each in found if not each.value.endswith("=")]
        return (
            f"local -a going_on=({shlex.join(going_on)}) whole=({shlex.join(whole)}); "
            "compadd -S '' -a going_on; compadd -a whole"
        )


class Fish(Answering, _completion_classes.FishComplete):
    """Quotes what it inserts by itself, and takes a line for each word."""

    def read_line(self) -> BegunLine:
        """The line up to the cursor; a backslash means something in single quotes, too."""
        return begun_line(os.environ[LINE], meaning=FISH)


def colons_kept(value: str) -> str:
    """A value before the colon that begins its description."""
    return value.replace("\\", "\\\\").replace(":", "\\:")


def own_scripts() -> None:
    """Makes `--install-completion` and `--show-completion` give the scripts that belong to these answers."""
    _completion_shared._completion_scripts.update(bash=BASH, zsh=ZSH)


def answer_shell(app: typer.Typer) -> int:
    """Writes what the script of a shell asks for; gives the exit code."""
    command: Any = typer.main.get_command(app)
    for shell in (Bash, Zsh, Fish):
        add_completion_class(shell, shell.name)
    return completion.shell_complete(command, {}, "dlcli", COMPLETE, os.environ[COMPLETE])
