"""`extends`: mappings merge, lists and scalars replace, a thing of another name replaces, paths stay where they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from dlcli.config import load_config
from dlcli.errors import ConfigError


@pytest.fixture
def base(write, digits):
    return write("base.yaml", digits)


@pytest.fixture
def plain(read, digits, base):
    """What a file that extends base.yaml changes of it, as plain data."""
    before = read(digits).plain()

    def plain(content):
        after = read(content).plain()
        return {key: value for key, value in after.items() if value != before[key]}

    return plain


def test_a_file_that_only_extends_is_its_base(plain):
    assert plain("extends: base.yaml\n") == {}


def test_mappings_merge(plain):
    changed = plain("extends: base.yaml\ntrain: {epochs: 3, early_stopping: {patience: 7}}\n")
    assert list(changed) == ["train"]
    assert changed["train"]["epochs"] == 3
    assert changed["train"]["batch_size"] == 32
    assert changed["train"]["early_stopping"]["patience"] == 7
    assert changed["train"]["early_stopping"]["monitor"] == "val_loss"


def test_scalars_and_lists_replace(plain):
    assert plain("extends: base.yaml\nname: other\nmetrics: []\n") == {"name": "other", "metrics": []}
    layers = plain("extends: base.yaml\nlayers: [Flatten, {Dense: {units: 10, activation: softmax}}]\n")["layers"]
    assert layers == [{"Flatten": {}}, {"Dense": {"units": 10, "activation": "softmax"}}]


def test_nothing_replaces_a_block(plain):
    changed = plain("extends: base.yaml\ntrain: {early_stopping: null}\n")
    assert changed["train"]["early_stopping"] is None


def test_arguments_of_the_same_thing_merge(plain):
    changed = plain("extends: base.yaml\noptimizer: {Adam: {beta_1: 0.8}}\n")
    assert changed == {"optimizer": {"Adam": {"learning_rate": 0.001, "beta_1": 0.8}}}


def test_a_thing_of_another_name_replaces_instead_of_joining(plain):
    assert plain("extends: base.yaml\noptimizer: {SGD: {momentum: 0.9}}\n") == {"optimizer": {"SGD": {"momentum": 0.9}}}
    assert plain("extends: base.yaml\noptimizer: SGD\n") == {"optimizer": {"SGD": {}}}
    assert plain("extends: base.yaml\noptimizer: Adam\n") == {"optimizer": {"Adam": {}}}


def test_a_source_and_a_schedule_of_another_name_replace_too(write, read, change):
    write(
        "csv.yaml",
        change(
            ("source: digits", "source: {csv: {path: a.csv}}"),
            ("1e-3", "{ExponentialDecay: {initial_learning_rate: 1, decay_steps: 5, decay_rate: 0.5}}"),
        ),
    )
    over = "extends: csv.yaml\ndata: {source: {npz: {path: b.npz}}}\n"
    config = read(
        over + "optimizer: {Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 1, decay_steps: 5}}}}\n"
    )
    assert config.data.source.word == "npz"
    assert config.optimizer.arguments["learning_rate"].name == "CosineDecay"
    assert set(config.optimizer.arguments["learning_rate"].arguments) == {"initial_learning_rate", "decay_steps"}


def test_a_list_of_files_is_laid_one_upon_the_other(write, plain):
    write("over.yaml", "train: {epochs: 7}\nname: over\n")
    changed = plain("extends: [base.yaml, over.yaml]\n")
    assert (changed["name"], changed["train"]["epochs"]) == ("over", 7)
    assert plain("extends: [over.yaml, base.yaml]\n") == {}
    changed = plain("extends: [base.yaml, over.yaml]\nname: own\n")
    assert (changed["name"], changed["train"]["epochs"]) == ("own", 7)


def test_an_empty_list_of_files_extends_nothing(plain, digits):
    assert plain("extends: []\n" + digits) == {}


def test_a_base_may_extend_another_and_be_extended_twice(write, plain):
    write("left.yaml", "extends: base.yaml\nseed: 1\n")
    write("right.yaml", "extends: base.yaml\nname: right\n")
    assert plain("extends: left.yaml\nname: own\n") == {"seed": 1, "name": "own"}
    assert plain("extends: [left.yaml, right.yaml]\n") == {"name": "right"}


def test_paths_are_relative_to_the_file_that_holds_them(write, read, change, tmp_path):
    write("sub/base.yaml", change(("source: digits", "source: d.csv")))
    write("sub/middle.yaml", "extends: base.yaml\n")
    assert read("extends: sub/middle.yaml\n").data.source.path == f"{tmp_path}/sub/d.csv"
    assert read("extends: sub/middle.yaml\ndata: {source: e.csv}\n").data.source.path == f"{tmp_path}/e.csv"
    several = read("extends: sub/middle.yaml\ndata: {source: {csv: [e.csv, /f.csv]}}\n")
    assert several.data.source.path == [f"{tmp_path}/e.csv", "/f.csv"]


def test_a_base_outside_the_folder_is_found(write, digits, tmp_path):
    write("base.yaml", digits)
    path = write("sub/deep/config.yaml", "extends: ../../base.yaml\n")
    assert load_config(str(path))[0].name == "digits"
    assert load_config(str(write("sub/absolute.yaml", f"extends: {tmp_path}/base.yaml\n")))[0].name == "digits"


def test_a_relative_name_of_the_file_makes_no_difference(write, change, tmp_path, monkeypatch):
    write("sub/base.yaml", change(("source: digits", "source: d.csv")))
    write("sub/config.yaml", "extends: base.yaml\n")
    monkeypatch.chdir(tmp_path)
    assert load_config("sub/config.yaml")[0].data.source.path == f"{tmp_path}/sub/d.csv"
    monkeypatch.chdir(tmp_path / "sub")
    assert load_config("config.yaml")[0].data.source.path == f"{tmp_path}/sub/d.csv"


def test_a_home_folder_is_found(read, change, monkeypatch):
    monkeypatch.setenv("HOME", "/home/student")
    assert read(change(("source: digits", "source: ~/d.csv"))).data.source.path == "/home/student/d.csv"
    unknown = read(change(("source: digits", "source: ~nobody-of-this-name/d.csv")))
    assert unknown.data.source.path.endswith("/~nobody-of-this-name/d.csv")


REFUSED = {
    "extends: none.yaml\n": (1, 10, "cannot read {folder}/none.yaml: No such file or directory"),
    "extends: [base.yaml, none.yaml]\n": (1, 22, "cannot read {folder}/none.yaml: No such file or directory"),
    "extends: ''\n": (1, 10, "cannot read {folder}: Is a directory"),
    "extends: base.yaml/x.yaml\n": (1, 10, "cannot read {folder}/base.yaml/x.yaml: Not a directory"),
    "extends: config.yaml\n": (1, 10, "{folder}/config.yaml extends itself"),
    "extends: ./x/../config.yaml\n": (1, 10, "{folder}/x/../config.yaml extends itself"),
    "extends: 3\n": (1, 10, "'extends' takes the path of a file or a list of paths"),
    "extends:\n": (1, 9, "'extends' takes the path of a file or a list of paths"),
    "extends: {a: 1}\n": (1, 10, "'extends' takes the path of a file or a list of paths"),
    "extends: [base.yaml, 3]\n": (1, 22, "'extends' takes the path of a file or a list of paths"),
    "extends: [[base.yaml]]\n": (1, 11, "'extends' takes the path of a file or a list of paths"),
    "extends: '${name}.yaml'\n": (1, 10, "cannot read {folder}/${{name}}.yaml: No such file or directory"),
    "extends: base.yaml\nextends: base.yaml\n": (2, 1, "duplicate key 'extends', first written at line 1"),
}


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_extended_is_told_at_its_place(problem, base, tmp_path, text):
    line, column, message = REFUSED[text]
    assert problem(text).at == (line, column, message.format(folder=tmp_path))


def test_a_cycle_is_told_in_the_file_that_closes_it(write, problem, tmp_path):
    write("one.yaml", "# one\nextends: two.yaml\n")
    write("two.yaml", "extends:\n  - config.yaml\n")
    found = problem("extends: one.yaml\n")
    assert found.at == (2, 5, f"{tmp_path}/config.yaml extends itself")
    assert found.name == "two.yaml"


def test_a_long_chain_of_files_is_refused(write, problem):
    for each in range(50):
        write(f"{each}.yaml", f"extends: {each + 1}.yaml\n")
    found = problem("extends: 0.yaml\n")
    assert found.at == (1, 10, "more than 32 files extend one another")
    assert found.name == "31.yaml"


def test_a_syntax_error_of_a_base_is_told_in_the_base(write, problem, tmp_path):
    write("bad.yaml", "a: 1\nb: [1\n")
    found = problem("extends: bad.yaml\n")
    assert found.at == (2, 4, "the '[' that opens here is not closed")
    assert found.file == f"{tmp_path}/bad.yaml"
    assert found.text == "b: [1"


def test_a_wrong_value_is_told_in_the_file_that_holds_it(write, problems, change):
    write("bad.yaml", change(("epochs: 30", "epochs: x"), ("seed: 0", "seed: -1")))
    found = problems("extends: bad.yaml\ntrain: {batch_size: 0}\n")
    assert [(each.name, *each.at) for each in found] == [
        ("bad.yaml", 5, 7, "'seed' must be at least 0, found the number -1"),
        ("bad.yaml", 27, 11, "'epochs' must be a whole number, found the text 'x'"),
        ("config.yaml", 2, 21, "'batch_size' must be at least 1, found the number 0"),
    ]


def test_a_value_that_is_replaced_is_not_checked(write, read, change):
    write("bad.yaml", change(("epochs: 30", "epochs: x")))
    assert read("extends: bad.yaml\ntrain: {epochs: 3}\n").train.epochs == 3


def test_references_see_the_merged_file(write, read, change):
    write("named.yaml", change(("name: digits", "name: '${train.epochs} epochs'")))
    assert read("extends: named.yaml\ntrain: {epochs: 3}\n").name == "3 epochs"


def test_a_missing_file_says_which_there_are(write, tmp_path, monkeypatch):
    with pytest.raises(ConfigError) as caught:
        load_config(str(tmp_path / "none.yaml"))
    [found] = caught.value.problems
    assert found.message == "cannot read the configuration: No such file or directory"
    assert (found.file, found.line) == (f"{tmp_path}/none.yaml", 0)
    assert found.see == f"the working directory is {Path.cwd()}"
    monkeypatch.chdir(tmp_path)
    write("one.yaml", "a: 1")
    write("two.yml", "a: 1")
    with pytest.raises(ConfigError) as caught:
        load_config("none.yaml")
    assert caught.value.problems[0].see == "there are: one.yaml, two.yml"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("", "Is a directory"), ("one.yaml/x", "Not a directory"), ("a" * 5000, "File name too long"), ("a\0b", None)],
    ids=["folder", "below a file", "long", "NUL"],
)
def test_what_is_no_file_is_a_problem_of_the_configuration(write, tmp_path, name, reason):
    write("one.yaml", "a: 1")
    with pytest.raises(ConfigError) as caught:
        load_config(f"{tmp_path}/{name}")
    message = caught.value.problems[0].message
    assert message.startswith("cannot read the configuration: ")
    if reason is not None:
        assert message == f"cannot read the configuration: {reason}"


def test_standard_input_is_relative_to_the_working_directory(change, tmp_path, monkeypatch):
    import io
    import types

    content = change(("source: digits", "source: d.csv"), ("epochs: 30", "epochs: 3")).encode()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(content)))
    config, given = load_config("-")
    assert given == content
    assert config.data.source.path == f"{tmp_path}/d.csv"
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(b"a: [1")))
    with pytest.raises(ConfigError) as caught:
        load_config("-")
    assert caught.value.problems[0].file == "-"


@pytest.mark.parametrize("line", ["extends: pipe.yaml", "plugins: [pipe.py]"])
def test_a_fifo_is_not_waited_for(line: str, tmp_path: Path) -> None:
    import os

    from dlcli.config import load_config

    for name in ("pipe.yaml", "pipe.py"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "a.yaml").write_text(f"{line}\nlayers: [Dense: 1]\n")
    with pytest.raises(ConfigError) as caught:
        load_config(str(tmp_path / "a.yaml"))
    assert any("it is a FIFO and no file" in each.message and each.line == 1 for each in caught.value.problems)


OUTSIDE = {
    "root:$6$salt$hash:19000:0:99999:7:::\ndaemon:*:19000::::::\n": (1, "a key that no configuration has; expected: "),
    "# it's\ntoken: s3cret\ntoken: s3cret\n": (3, "duplicate key '…', first written at line 2"),
    "token: s3cret\n": (1, "a key that no configuration has; expected: "),
    "name: x\ns3cret: 1\n": (2, "a key that no configuration has; expected: "),
    "s3cret:hash:19000\ndaemon:19000\n": (1, "the file holds a single value; expected keys"),
    "- s3cret\n": (1, "the file holds a list; expected keys"),
    "s3cret: [1\n": (1, "the '…' that opens here is not closed"),
    "s3cret: *s3cret\n": (1, ""),
    "s3cret: !s3cret 1\n": (1, ""),
    "it's s3cret: 'it''s: 1\n": (1, ""),
    "s3cret\0\n": (1, "the character U+0000 may not stand in a text file"),
    "s3cret\u20ac\n\udc80".encode("utf-8", "surrogateescape"): (2, "byte 0x80 is not UTF-8"),
}


@pytest.mark.parametrize("content", OUTSIDE, ids=range(len(OUTSIDE)))
def test_a_file_from_elsewhere_that_is_no_configuration_shows_nothing_of_itself(write, tmp_path, content):
    line, message = OUTSIDE[content]
    other = tmp_path / "other" / "shadow"
    other.parent.mkdir()
    other.write_bytes(content if isinstance(content, bytes) else content.encode())
    file = write("sub/config.yaml", f"extends: {other}\n")
    (tmp_path / "sub" / "link.yaml").symlink_to(other)
    for text in (f"extends: {other}\n", "extends: ../other/shadow\n", "extends: link.yaml\n"):
        file.write_text(text)
        with pytest.raises(ConfigError) as caught:
            load_config(str(file))
        told = caught.value.problems[0]
        assert told.message.startswith(message)
        assert told.line == line
        shown = f"{told}"
        assert all(word not in shown for word in ("s3cret", "$6$", "daemon"))
    # Below the folder of the configuration the line is shown.
    other.rename(tmp_path / "sub" / "own.yaml")
    file.write_text("extends: own.yaml\n")
    with pytest.raises(ConfigError) as caught:
        load_config(str(file))
    assert any(each.text for each in caught.value.problems)


def test_a_configuration_from_elsewhere_is_told_with_its_lines(write, change, tmp_path):
    write("base.yaml", change(("epochs: 30", "epochs: x")))
    with pytest.raises(ConfigError) as caught:
        load_config(str(write("sub/config.yaml", "extends: ../base.yaml\n")))
    [told] = caught.value.problems
    assert told.message == "'epochs' must be a whole number, found the text 'x'"
    assert told.text.strip() == "epochs: x"
