"""YAML as people write it: what it reads otherwise than it looks is told in one line that names the setting."""

import time
from pathlib import Path

import pytest
from echelon.config import Configuration, load
from echelon.errors import ConfigurationError

CASE = Path(__file__).parent / "19-yaml-traps"
SALES = "sources:\n  sales: {path: sales.csv}\n"


def refused(file: Path, *overrides: str) -> str:
    """The message, one line, without Python's or pydantic's names in it."""
    with pytest.raises(ConfigurationError) as caught:
        load([str(file)], overrides)
    message = str(caught.value)
    assert len(message.splitlines()) == 1 and len(message) < 400, message
    assert not any(word in message for word in ("Traceback", "<unicode string>", "instance of", "Error")), message
    return message


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "mine.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def loaded(folder: Path, text: str | bytes) -> Configuration:
    return load([str(written(folder, text))])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a-norway", "setting 'holidays.Oslo' = NO, which YAML reads as false, not as text: put it in quotes, 'NO'"),
        (
            "b-header-true",
            "setting 'sources.sales.options.header' = true, which YAML reads as true, not as text: put it in quotes",
        ),
        ("c-constant-007", "line 2: setting 'sources.sales.constants.location' = 007, which YAML reads as another number"),
        ("e-rundate", "setting 'run.run_date' = '09.11.2026': expected a date like 2026-01-31"),
        ("f-freq", "setting 'run.frequency' = 'w': Input should be 'D', 'W' or 'M'"),
        ("i-tabs", "line 2, column 1: found character '\\t' that cannot start any token; a tab can't indent: use spaces"),
        ("j-cur", "setting 'run.currency' = no, which YAML reads as false, not as text: put it in quotes, 'no'"),
        ("k-dup", "line 3: setting 'sources.sales' is given twice, first in line 2: keep one of them"),
        ("l-fill", "setting 'defaults.fill_rate' = 95: Input should be less than 1 (a share: 95% is 0.95)"),
    ],
)
def test_the_case_names_the_setting_and_what_to_do(name: str, words: str) -> None:
    assert words in refused(CASE / f"{name}.yaml")


def test_numbers_and_words_for_columns_are_to_be_quoted() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load([str(CASE / "g-on.yaml")])
    sku, date = str(caught.value).splitlines()
    assert (
        "setting 'sources.sales.columns.sku' = 1001, which YAML reads as the number 1001, not as text: put it in quotes" in sku
    )
    assert "setting 'sources.sales.columns.date' = on, which YAML reads as true, not as text: put it in quotes, 'on'" in date


def test_a_plain_tab_escape_is_taken_as_it_is() -> None:
    assert load([str(CASE / "d-tab.yaml")]).sources.sales.options == {"sep": "\\t"}


def test_a_path_of_windows_is_told_with_its_place_here() -> None:
    told = refused(CASE / "h-win.yaml")
    assert "setting 'sources.sales.path' = 'C:\\\\data\\\\sales.csv': this is a path of Windows; under WSL" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("run: {seed: yes}", "setting 'run.seed' = yes, which YAML reads as true, and which is not allowed here"),
        ("defaults: {moq: off}", "setting 'defaults.moq' = off, which YAML reads as false"),
        ("report: {title: 2026-01-31}", "setting 'report.title' = 2026-01-31, which YAML reads as the date 2026-01-31, not as"),
        ("report: {assumptions: [Costs are guessed, No]}", "setting 'report.assumptions.1' = No, which YAML reads as false"),
        ("spark: {settings: {spark.ui.port: 4050}}", "setting 'spark.settings.spark.ui.port' = 4050, which YAML reads as the"),
        ("defaults: {lead_time_days: 014}", "setting 'defaults.lead_time_days' = 014, which YAML reads as another number"),
        ("sources: {sales: {path: a.csv, constants: {sku: 12:30}}}", "'sources.sales.constants.sku' = 12:30, which YAML reads"),
        ("defaults: {lead_time_days: .inf}", "setting 'defaults.lead_time_days' = inf: Input should be a finite number"),
        ("defaults: {holding_rate: .nan}", "setting 'defaults.holding_rate' = nan"),
        ("defaults: {holding_rate: '0,25'}", "setting 'defaults.holding_rate' = '0,25': Input should be a valid number"),
        ("segments: {ending_share: 33}", "setting 'segments.ending_share' = 33: "),
        ("run:\n", "setting 'run' = nothing: give it a value, or leave the name out too"),
        ("sources: {sales: {path: ~}}", "setting 'sources.sales' = {'path': None}: give either a path or a table"),
        ("sources: [sales.csv]", "setting 'sources' = ['sales.csv']: expected settings (name: value)"),
        ("holidays: GB", "setting 'holidays' = 'GB': expected settings (name: value)"),
        ("stock: on", "setting 'stock' = on, which YAML reads as true"),
        ("Stock: {periods: 5}", "unknown setting 'Stock'. Did you mean 'stock'? Allowed here: "),
        ("STOCK: {periods: 5}", "unknown setting 'STOCK'. Did you mean 'stock'? Allowed here: "),
        ("stock: {Periods: 5}", "unknown setting 'stock.Periods'. Did you mean 'periods'? Allowed here: "),
        ("a: 1\n---\nb: 2\n", "found another document; a file has one document"),
        ("- run", "expected settings (name: value), found list"),
        ("run", "expected settings (name: value), found str"),
        ("run: !!python/object/apply:os.system [ls]", "write the value without a tag (!...)"),
        ("run: !mine {seed: 1}", "write the value without a tag (!...)"),
        ("sources: {sales: {path: *.csv}}", "* and & have a meaning at the start: put such text in quotes"),
        ("holidays: {*: GB}", "put such text in quotes"),
        ("holidays: *", "put such text in quotes"),
        ("report: {title: @home}", "put text that starts so in quotes"),
        ("report:\n  title: Plan: north\n", "put text that contains ': ' in quotes"),
        ("sources: {sales: {path: {{ folder }}}}", "a name is expected, found brackets"),
        ('sources: {sales: {path: "C:\\data\\sales.csv"}}', "put a Windows path in single quotes"),
        ('sources: {sales: {path: "C:\\new\\temp.csv"}}', "put a Windows path in single quotes"),
        ('sources: {sales: {path: "C:\\users\\x.csv"}}', "put a Windows path in single quotes"),
        ("run: {seed: 1, seed: 1}", "line 3: setting 'run.seed' is given twice, first in line 3"),
        ("stock:\n  periods: 5\nrun: {}\nstock:\n  periods: 6\n", "line 6: setting 'stock' is given twice, first in line 3"),
        ("holidays:\n  'Oslo': GB\n  Oslo: DE\n", "line 5: setting 'holidays.Oslo' is given twice, first in line 4"),
        ("run: {run_date: 20261109}", "expected a date like 2026-01-31"),
        ("run: {run_date: 2026-02-30}", "day is out of range for month"),
        (b"report: {title: \xa3 caf\xe9}", "line 3 has bytes that are not UTF-8: save the file in this encoding"),
        ("report: {title: 'a\x00b'}", "not valid YAML: the character #x0000 is not allowed"),
    ],
)
def test_other_traps_are_told_in_one_plain_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    sales = b"" if b"sources" in (text if isinstance(text, bytes) else text.encode()) else SALES.encode()
    starts_itself = text in ("- run", "run")
    body = text if isinstance(text, bytes) else text.encode()
    assert words in refused(written(tmp_path, body if starts_itself else sales + body))


def test_names_are_text_as_they_are_written(tmp_path: Path) -> None:
    text = f"{SALES}holidays:\n  NO: 'NO'\n  1001: GB\n  007: DE\n  12:30: FR\n  ~: IT\n  '*': SE\n"
    assert set(loaded(tmp_path, text).holidays) == {"NO", "1001", "007", "12:30", "~", "*"}


def test_what_is_plain_in_yaml_stays_allowed(tmp_path: Path) -> None:
    assert loaded(tmp_path, f"\ufeff{SALES}").sources.sales.path == "sales.csv"
    assert loaded(tmp_path, SALES.encode("utf-16")).sources.sales.path == "sales.csv"
    assert loaded(tmp_path, SALES.replace("\n", "\r\n")).sources.sales.path == "sales.csv"
    assert loaded(tmp_path, f"---\n{SALES}...\n").sources.sales.path == "sales.csv"
    assert loaded(tmp_path, f"{SALES}spark: {{rows_per_bucket: 2_000_000}}").spark.rows_per_bucket == 2_000_000
    assert loaded(tmp_path, f"{SALES}signals: {{a: {{known_ahead: yes}}}}").signals["a"].known_ahead is True
    merged = "sources:\n  sales: &csv {path: a.csv, options: {sep: ';'}}\n  items: {<<: *csv, path: b.csv}\n"
    items = loaded(tmp_path, merged).sources.items
    assert items is not None and (items.path, items.options) == ("b.csv", {"sep": ";"})


def test_what_an_alias_repeats_is_changed_in_one_place_only(tmp_path: Path) -> None:
    file = written(tmp_path, "sources:\n  sales: &csv {path: a.csv, options: {sep: ';'}}\n  items: *csv\n")
    sources = load([str(file)], ["sources.items.path=b.csv", "sources.items.options.sep='|'"]).sources
    assert (sources.sales.path, sources.sales.options) == ("a.csv", {"sep": ";"})
    assert sources.items is not None and (sources.items.path, sources.items.options) == ("b.csv", {"sep": "|"})


def bomb(depth: int, one: str, many: str) -> str:
    """A few lines of aliases that stand for 10 ** depth values."""
    lines = [f"a0: &a0 {one}"]
    lines += [f"a{n}: &a{n} " + many.format(", ".join([f"*a{n - 1}"] * 10)) for n in range(1, depth)]
    return "\n".join(lines) + f"\nrun: *a{depth - 1}\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (bomb(30, "x", "[{}]"), "with its aliases (*name) written out it has more than 100,000 values"),
        (bomb(9, "{b: 1}", "[{}]"), "more than 100,000 values"),
        (
            "a0: &a {x: 1}\n"
            + "".join(
                f"a{n}: &b{n} {{p: *{'a' if n == 1 else f'b{n - 1}'}, q: *{'a' if n == 1 else f'b{n - 1}'}}}\n"
                for n in range(1, 40)
            ),
            "more than",
        ),
        ("run: &r {seed: *r}", "an alias (*name) contains itself"),
        ("run: &r [*r, *r]", "an alias (*name) contains itself"),
        ("run: " + "[" * 50_000, "it is nested too deeply"),
        ("run: " + "{a: " * 50_000, "it is nested too deeply"),
        ("\n".join(" " * n + "a:" for n in range(1200)), "it is nested too deeply"),
        ("report: {title: " + "x" * 2_000_000 + "}", "it is longer than 1,000,000 bytes"),
    ],
)
def test_a_bomb_ends_quickly_in_a_plain_refusal(tmp_path: Path, text: str, words: str) -> None:
    began = time.perf_counter()
    assert words in refused(written(tmp_path, text))
    assert time.perf_counter() - began < 10


def test_an_endless_file_is_refused() -> None:
    assert "longer than" in refused(Path("/dev/zero"))


def test_a_value_too_long_to_show_is_cut(tmp_path: Path) -> None:
    assert refused(written(tmp_path, f"{SALES}run: {{seed: {'x' * 5000}}}")).count("x") < 200


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    file = written(tmp_path, SALES + "".join(f"wrong{n}: 1\n" for n in range(500)))
    with pytest.raises(ConfigurationError) as caught:
        load([str(file)])
    lines = str(caught.value).splitlines()
    assert len(lines) == 21 and lines[-1] == "and 480 more"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("sources.sales.constants.location=007", "setting 'constants"),
        ("holidays.Oslo=NO", "setting 'holidays.Oslo' = NO, which YAML reads as false, not as text: put it in quotes, 'NO'"),
        ("holidays={a: GB, a: DE}", "is given twice"),
        ("run.seed=true", "setting 'run.seed' = true, which YAML reads as true"),
    ],
)
def test_overrides_have_the_same_traps(tmp_path: Path, override: str, words: str) -> None:
    message = refused(written(tmp_path, SALES), override)
    assert words in message or "which YAML reads as another number" in message
    assert message.startswith(f"--set {override}: ")


@pytest.mark.parametrize(
    "text", ['report: {title: "a \\ud800 b"}', 'holidays: {"\\ud83d\\ude00": GB}', 'report: {title: "\\ud83d\\ude00"}']
)
def test_half_a_letter_is_refused(tmp_path: Path, text: str) -> None:
    """As JSON escapes letters beyond U+FFFF; YAML takes each half for a letter, which no file can hold."""
    assert ": write the letter itself, or all of it after" in refused(written(tmp_path, f"{SALES}{text}\n"))
    assert "the text has \\ud800 in it" in refused(written(tmp_path, SALES), 'report.title="a \\ud800 b"')
    assert loaded(tmp_path, f'{SALES}report: {{title: "\\U0001F600"}}').report.title == "\U0001f600"


@pytest.mark.parametrize("name", ["run.output", "run.suites", "sources.sales.path"])
def test_the_home_of_a_shell_is_refused_with_the_path_that_it_stands_for(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    message = refused(written(tmp_path, SALES), f"{name}=~/plan")
    assert message.endswith("~ stands for your home in a shell only; write /home/anna/plan")
    assert load([str(written(tmp_path, SALES))], [f"{name}=./~/plan"])
