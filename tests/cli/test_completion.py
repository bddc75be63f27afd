"""Completion of values: what is offered for each parameter, and what the real shells write when the tab key is pressed."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dlcli.cli.begun_line import FISH, begun_line, insertable
from dlcli.config.reference.vocabulary import FILE, vocabulary_text

DLCLI = Path(sys.executable).with_name("dlcli")
BREAKS = " \t\n\"'@><=;|&(:"
"""What divides words in bash, as it comes."""
QUIET_SECONDS, LONGEST_SECONDS = 1.5, 60.0
RUN = '{"run": "RUN", "number": 1, "status": "done", "config": "a.yaml", "started": "2026-01-01T00:00:00+00:00", "epochs": 1,'
RUN += ' "metrics": {"train": {"loss": 1.0}, "validation": {"loss": 2.0}}}'
INNER = '{"class_name": "Functional", "config": {"name": "tower", "layers": [{"class_name": "Dense", "config": {"name": "a"}}]}}'
MODEL = '{"class_name": "Functional", "config": {"layers": [{"class_name": "InputLayer", "config": {"name": "to"}}, INNER]}}'
MODEL = MODEL.replace("INNER", INNER)
CONFIG = """\
name: a
data: {source: iris}
layers: [Dense: {units: 8, activation: relu}, Dense: {units: 3, activation: softmax}]
loss: sparse_categorical_crossentropy
optimizer: {Adam: {learning_rate: 1e-3}}
train: {epochs: 4}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with configurations, data and two runs."""
    made = tmp_path_factory.mktemp("completion")
    (made / "configs").mkdir()
    (made / "first.yaml").write_text(CONFIG, encoding="utf-8")
    (made / "configs" / "second.yml").write_text(CONFIG, encoding="utf-8")
    (made / "flowers.csv").write_text("length;width;kind\n1;2;a\n", encoding="utf-8")
    (made / "korean.csv").write_bytes("값,종류\n1,가\n".encode("cp949"))
    (made / "rows.jsonl").write_text('{"left": 1, "right": 2}\n', encoding="utf-8")
    (made / "runs" / "seeds").mkdir(parents=True)
    (made / "runs" / "seeds" / "group.json").write_text("{}", encoding="utf-8")
    for name in ("roses-1", "roses-2", "seeds/seed-0"):
        (made / "runs" / name).mkdir(parents=True)
        (made / "runs" / name / "run.json").write_text(RUN.replace("RUN", name), encoding="utf-8")
        (made / "runs" / name / "metrics.jsonl").write_text(
            '{"epoch": 1, "train": {"loss": 1.0}, "validation": {"loss": 2.0}}\n', encoding="utf-8"
        )
    (made / "runs" / "roses-1" / "model").mkdir()
    with zipfile.ZipFile(made / "runs" / "roses-1" / "model" / "model.keras", "w") as archive:
        archive.writestr("config.json", MODEL)
    return made


def completed(folder: Path, *words: str, shell: str = "zsh") -> list[str]:
    """What is offered where the last word is begun, as the script of a shell asks for it."""
    line = " ".join(["dlcli", *words])
    environment = {**os.environ, "_DLCLI_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    environment |= {"_TYPER_COMPLETE_ARGS": line, "COMP_LINE": f"{line} behind", "COMP_POINT": str(len(line))}
    environment["COMP_WORDBREAKS"] = BREAKS
    done = subprocess.run([DLCLI], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


OFFERED: dict[tuple[str, ...], list[str]] = {
    ("evaluate", "ro"): ["roses-1", "roses-2"],
    ("evaluate", "la"): ["last"],
    ("predict", "s"): ["seeds/seed-0"],
    ("evaluate", "s"): ["seeds/seed-0", "seeds"],
    ("remove", "s"): ["seeds/seed-0", "seeds"],
    ("resume", "roses-2"): ["roses-2"],
    ("compare", "roses-1", "roses-2"): ["roses-2"],
    ("train", "fi"): ["first.yaml"],
    ("validate", "configs/"): ["configs/second.yml"],
    ("inspect", "fi"): ["first.yaml"],
    ("inspect", "roses-1"): ["roses-1"],
    ("inspect-data", "flow"): ["flowers.csv"],
    ("inspect-data", "penguin"): ["penguins"],
    ("init", "wine"): ["wine"],
    ("init", "--template", "spir"): ["spiral"],
    ("init", "flowers.csv", "--target", "k"): ["kind"],
    ("init", "korean.csv", "--target", "종"): ["종류"],
    ("inspect-data", "rows.jsonl", "--target", "l"): ["left"],
    ("inspect-data", "iris", "--target", "spec"): ["species"],
    ("list", "optim"): ["optimizers"],
    ("show", "Flat"): ["Flatten"],
    ("show", "train.e"): ["train.early_stopping"],
    ("evaluate", "last", "--split", "v"): ["validation"],
    ("evaluate", "last", "--threshold", "best:f"): ["best:f1"],
    ("look", "roses-1", "--layer", "to"): ["tower/a"],
    ("look", "roses-2", "--layer", "to"): [],
    ("runs", "--sort", "val_"): ["val_loss"],
    ("runs", "--sort", "-val_"): ["-val_loss"],
    ("runs", "--sort=val_"): ["--sort=val_loss"],
    ("runs", "--sort=-val_"): ["--sort=-val_loss"],
    ("runs", "--columns", "run,val_"): ["run,val_loss"],
    ("runs", "--columns=run,val_"): ["--columns=run,val_loss"],
    ("evaluate", "last", "--split="): ["--split=train", "--split=validation", "--split=test"],
    ("export", "last", "--format=o"): ["--format=onnx"],
    ("remove", "--filter=status=do"): ["--filter=status=done"],
    ("remove", "--keep-best=-"): [],
    ("init", "--template=spir"): ["--template=spiral"],
    ("init", "--template", "images/le"): ["images/lenet5"],
    ("init", "--template=images/le"): ["--template=images/lenet5"],
    ("init", "--template", "basics/s"): ["basics/sigmoid", "basics/spiral"],
    ("show", "images/le"): ["images/lenet5"],
    ("train", "first.yaml", "--set=layers.0.activation=softpl"): ["--set=layers.0.activation=softplus"],
    ("remove", "--filter", "status=do"): ["status=done"],
    ("train", "first.yaml", "--set", "optimizer.learning_r"): [
        "optimizer.learning_rate=0.001", "optimizer.learning_rate=0.01", "optimizer.learning_rate=0.0001",
    ],
    ("train", "first.yaml", "--set", "layers.0.activation=rel"): ["layers.0.activation=relu", "layers.0.activation=relu6"],
    ("train", "first.yaml", "--set", "layers.1.use_bias=f"): ["layers.1.use_bias=false"],
    ("train", "first.yaml", "--set", "train.precision=mixed_b"): ["train.precision=mixed_bfloat16"],
    ("train", "first.yaml", "--set", "optimizer=AdamW"): ["optimizer=AdamW"],
    ("train", "first.yaml", "--set", "data.split.v"): ["data.split.validation="],
    ("train", "absent.yaml", "--set", "train.epo"): ["train.epochs="],
    ("init", "absent.csv", "--target", "k"): [],
}  # fmt: skip


@pytest.mark.parametrize("words", OFFERED, ids=" ".join)
def test_a_parameter_offers_its_values(folder: Path, words: tuple[str, ...]) -> None:
    offered = completed(folder, *words, shell="fish")
    assert [each for each in offered if each.startswith(words[-1])] == OFFERED[words]


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        ("train first.yaml --set optimizer.learning_rate=0.01", ["0.01"]),
        ("train first.yaml --set optimizer.learning_rate=", ["0.001", "0.01", "0.0001"]),
        ("train first.yaml --set layers.0.activation=rel", ["relu", "relu6"]),
        ("train first.yaml --set=layers.0.activation=rel", ["relu", "relu6"]),
        ("train first.yaml --set 'layers.0.activation=softpl", ["layers.0.activation=softplus"]),
        ("runs --sort=-val_", ["-val_loss"]),
        ("evaluate last --threshold best:f", ["f1"]),
    ],
)
def test_bash_gets_what_stands_behind_the_sign_that_it_divides_words_at(
    folder: Path, words: str, rest: list[str]
) -> None:
    assert completed(folder, words, shell="bash") == rest


WORDS = [
    "my conf.yaml",
    "it's",
    'q"z',
    "$x",
    "b\\k",
    "a&b;c",
    "star*?[a]",
    "two  gaps",
    "~t",
    "#h",
    "`e`",
    "자료 하나",
    "a=b:c@d",
]


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_what_is_inserted_is_read_as_it_is_meant(quote: str) -> None:
    words = [quote + insertable(word, quote) + quote for word in WORDS]
    printed = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {' '.join(words)}"], capture_output=True, text=True, check=True
    )
    assert printed.stdout.split("\0")[:-1] == WORDS
    assert [begun_line(word, breaks=BREAKS).text for word in words] == WORDS
    assert begun_line(" ".join([*words, ""])).words == tuple(WORDS)


@pytest.mark.parametrize(
    ("line", "text", "quote", "kept"),
    [
        ("dlcli a=b", "a=b", "", 2),
        ("dlcli 'a=b", "a=b", "'", 0),
        ('dlcli x"a=b', "xa=b", '"', 1),
        ("dlcli 'my c'onf", "my conf", "", 4),
        ("dlcli at@x", "at@x", "", 2),
        ("dlcli 'it'\\''s", "it's", "'", 3),
        ("dlcli my\\ c", "my c", "", 0),
        ("dlcli my\\", "my", "", 0),
        ("dlcli ", "", "", 0),
        ("dlcli ''", "", "", 0),
    ],
)
def test_a_begun_word_is_replaced_from_where_bash_begins_it(line: str, text: str, quote: str, kept: int) -> None:
    begun = begun_line(line, breaks=BREAKS)
    assert (begun.words, begun.text, begun.quote, begun.kept) == (("dlcli",), text, quote, kept)


def test_fish_takes_a_backslash_in_single_quotes() -> None:
    assert begun_line(r"dlcli 'it\'s", meaning=FISH).text == "it's"
    assert begun_line(r"dlcli 'it\ s", meaning=FISH).text == r"it\ s"


def test_the_vocabulary_is_that_of_the_language() -> None:
    assert FILE.read_text(encoding="utf-8") == vocabulary_text(), "python -m dlcli.config.reference.vocabulary"


def test_completion_loads_nothing_of_the_language(folder: Path) -> None:
    code = (
        "import os, sys; os.environ.update(_DLCLI_COMPLETE='complete_bash', COMP_WORDBREAKS='=', COMP_POINT='99',"
        "COMP_LINE='dlcli train first.yaml --set optimizer.learning_r'); from dlcli.cli import answer_shell, app\n"
        "answer_shell(app)\n"
        "print(sorted({'dlcli.config', 'numpy', 'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "optimizer.learning_rate=0.001"
    assert done.stdout.splitlines()[-1] == "[]"


def shell(name: str) -> str:
    """The path of a shell; where it is missing the test is left out."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install zsh fish")
    return found


class Shell:
    """A shell on a terminal of its own, which is written to and read from like a person's."""

    def __init__(self, arguments: list[str], folder: Path) -> None:
        home = folder / "home"
        home.mkdir(exist_ok=True)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(arguments[0], arguments, {"PATH": path, "HOME": str(home), "TERM": "dumb", "LANG": "C.UTF-8"})

    def type(self, text: str, until: str) -> str:
        """Types a text, and reads until something stands there or nothing more comes."""
        os.write(self.terminal, text.encode())
        seen, waited = "", 0.0
        while until not in seen and waited < LONGEST_SECONDS:
            if select.select([self.terminal], [], [], QUIET_SECONDS)[0]:
                seen += re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", os.read(self.terminal, 65536).decode(errors="replace"))
            else:
                waited += QUIET_SECONDS
        return seen

    def close(self) -> None:
        """Ends it."""
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def script(name: str) -> str:
    """What `--install-completion` writes for a shell."""
    environment = {**os.environ, "_DLCLI_COMPLETE": f"source_{name}"}
    return subprocess.run([DLCLI], env=environment, capture_output=True, text=True, check=True).stdout


@pytest.fixture(params=["bash", "zsh"])
def person(request: pytest.FixtureRequest, folder: Path) -> Iterator[Any]:
    """Someone at a shell that completes."""
    path = shell(request.param)
    (folder / f"script.{request.param}").write_text(script(request.param), encoding="utf-8")
    arguments = [path, "--norc", "-i"] if request.param == "bash" else [path, "-f", "-i"]
    opened = Shell(arguments, folder)
    begin = "autoload -Uz compinit; compinit -u; " if request.param == "zsh" else "bind 'set bell-style none'; "
    opened.type(f"{begin}source ./script.{request.param}; echo rea''dy\n", "ready")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("begun", "whole"),
    [
        ("dlcli evaluate roses-\t\t", "roses-2"),
        ("dlcli train fir\t", "first.yaml"),
        ("dlcli show Flatt\t", "Flatten"),
        ("dlcli train first.yaml --set optimizer.learning_r\t", "optimizer.learning_rate=0.0"),
        ("dlcli train first.yaml --set layers.0.activation=softpl\t", "activation=softplus"),
        ("dlcli init flowers.csv --target ki\t", "--target kind"),
    ],
)
def test_bash_and_zsh_complete_values(person: Any, begun: str, whole: str) -> None:
    assert whole in person.type(begun, whole)


WRITTEN = {
    "train my": ["my conf.yaml"],
    "train my\\ c": ["my conf.yaml"],
    "train 'my c": ["my conf.yaml"],
    'train "my c': ["my conf.yaml"],
    "train it": ["it's.yaml"],
    "train 'it": ["it's.yaml"],
    "train q": ['q"z.yaml'],
    'train "q': ['q"z.yaml'],
    "train \\$": ["$x.yaml"],
    'train "\\$': ["$x.yaml"],
    "train star": ["star*.yaml"],
    "init sp\\ ace.csv --target a": ["sp ace.csv", "--target", "a b"],
    "init 'sp ace.csv' --target=c": ["sp ace.csv", "--target=c$d"],
    "runs --sort=-val_": ["--sort=-val_loss"],
    "runs --sort -val_": ["--sort", "-val_loss"],
    "evaluate --split=tr": ["--split=train"],
    "init --template images/le": ["--template", "images/lenet5"],
    "train first.yaml --set train.epo": ["first.yaml", "--set", "train.epochs="],
}
"""What the program is given once the tab key has been pressed behind a begun line."""


@pytest.fixture(scope="module")
def odd_names(folder: Path) -> Path:
    """Names that a shell reads as more than themselves, and a program that says what it is given."""
    for name in ("my conf", "it's", 'q"z', "$x", "star*"):
        (folder / f"{name}.yaml").write_text("train: {}\n", encoding="utf-8")
    (folder / "sp ace.csv").write_text("a b,it's,c$d\n1,2,3\n", encoding="utf-8")
    (folder / "bin").mkdir()
    said = f'[ -n "$_DLCLI_COMPLETE" ] && exec {DLCLI}\nshift\nprintf "<%s>" "$@"\nprintf "%s\\n" "|"\n'
    (folder / "bin" / "dlcli").write_text(f"#!/bin/sh\n{said}", encoding="utf-8")
    (folder / "bin" / "dlcli").chmod(0o755)
    return folder


def test_bash_and_zsh_write_what_the_program_is_meant_to_get(odd_names: Path, person: Any) -> None:
    person.type(f"PATH='{odd_names}/bin':$PATH; hash -r; echo re''set\n", "reset")
    written = {begun: person.type(f"dlcli {begun}\t\n", ">|") for begun in WRITTEN}
    given = {
        begun: re.findall(r"<([^>\n]*)>", text.rpartition("\n<")[2].join(("<", ""))) for begun, text in written.items()
    }
    assert given == WRITTEN


@pytest.mark.parametrize(
    ("begun", "offered"),
    [
        ("dlcli train my", ["my conf.yaml"]),
        ('dlcli train "it', ["it's.yaml"]),
        ("dlcli evaluate --split=tr", ["--split=train"]),
        ("dlcli runs --sort=-val_", ["--sort=-val_loss"]),
        ("dlcli init --template images/le", ["images/lenet5"]),
        ("dlcli evaluate roses-", ["roses-1", "roses-2"]),
        ("dlcli show Flatt", ["Flatten"]),
        ("dlcli train first.yaml --set layers.0.activation=softp", ["layers.0.activation=softplus"]),
        ("dlcli runs --sort val_", ["val_loss"]),
    ],
)
def test_fish_completes_values(folder: Path, odd_names: Path, begun: str, offered: list[str]) -> None:
    path = shell("fish")
    (folder / "script.fish").write_text(script("fish"), encoding="utf-8")
    environment = {**os.environ, "HOME": str(folder), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [path, "--no-config", "-c", f"source ./script.fish; complete -C '{begun}'"],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == offered
