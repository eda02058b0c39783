"""Configuration: files and overrides become one checked, frozen object, and every mistake names itself."""

from pathlib import Path

import pytest
from echelon.config import fingerprint, load
from echelon.config.models import Strict
from echelon.errors import ConfigurationError
from pydantic import BaseModel, ValidationError
from support import ROOT

SALES = "sources: {sales: {path: sales.csv}}\n"


@pytest.fixture
def base(tmp_path: Path) -> str:
    """The least configuration."""
    return write(tmp_path, "base.yaml", SALES)


def write(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def refused(files: list[str], *overrides: str) -> str:
    """The message of a refused configuration."""
    with pytest.raises(ConfigurationError) as caught:
        load(files, overrides)
    assert caught.value.exit_code == 2
    return str(caught.value)


@pytest.mark.parametrize("name", sorted(path.name for path in ROOT.joinpath("conf").glob("*.yaml")))
def test_included_files_load(name: str, root: Path) -> None:
    settings = load([str(root / "conf" / "base.yaml"), str(root / "conf" / name)])
    assert settings.sources.sales.columns["sku"] == "StockCode"


def test_sales_alone_are_enough(base: str) -> None:
    settings = load([base])
    assert settings.sources.sales.path == "sales.csv"
    assert settings.sources.items is None
    assert settings.run.frequency == "D"


def test_later_files_and_then_overrides_win(tmp_path: Path, base: str) -> None:
    first = write(tmp_path, "first.yaml", "run: {seed: 1, frequency: W, output: first}\n")
    second = write(tmp_path, "second.yaml", "run: {seed: 2, output: second}\n")
    run = load([base, first, second], ["run.output=third", "run.max_failed_share=0.5", "run.max_failed_share=0.25"]).run
    assert (run.frequency, run.seed, run.output, run.max_failed_share) == ("W", 2, "third", 0.25)


def test_a_later_file_changes_one_column_and_keeps_the_others(tmp_path: Path) -> None:
    one = write(tmp_path, "one.yaml", "sources: {sales: {path: a.csv, columns: {sku: Article, date: Day}}}\n")
    two = write(tmp_path, "two.yaml", "sources: {sales: {columns: {date: Week}}}\n")
    assert load([one, two]).sources.sales.columns == {"sku": "Article", "date": "Week"}


@pytest.mark.parametrize(
    ("override", "section", "name", "value"),
    [
        ("run.seed=7", "run", "seed", 7),
        ("run.run_date=2026-01-31", "run", "run_date", "2026-01-31"),
        ("run.output=s3://bucket/a=b", "run", "output", "s3://bucket/a=b"),
        ("run.currency=''", "run", "currency", ""),
        ("backtest.horizon=", "backtest", "horizon", None),
        ('report.title="5"', "report", "title", "5"),
        ("segments.abc=[0.7, 0.9]", "segments", "abc", (0.7, 0.9)),
        ("spark.settings={spark.ui.port: '4050'}", "spark", "settings", {"spark.ui.port": "4050"}),
        (" run.seed = 8", "run", "seed", 8),
    ],
)
def test_overrides_are_yaml_values(base: str, override: str, section: str, name: str, value: object) -> None:
    found = getattr(getattr(load([base], [override]), section), name)
    assert (str(found) if name == "run_date" else found) == value


@pytest.mark.parametrize(
    "value", ["[0.5, 0.4]", "[0.5, 0.5]", "[5, 50]", "[0, 0.5]", "[0.12345]", "[]", "0.9", "[a]", "[true]"]
)
def test_quantiles_are_probabilities_in_ascending_order(base: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match="expected probabilities between 0 and 1 in ascending order"):
        load([base], [f"forecast.quantiles={value}"])


def test_quantiles_that_the_report_draws_are_published_with_those_asked_for(base: str) -> None:
    chosen = load([base], ["forecast.quantiles=[0.5, 0.999]"]).forecast
    assert chosen.published_quantiles == (0.05, 0.25, 0.5, 0.75, 0.95, 0.999)


def test_unknown_setting_names_itself_the_file_and_what_is_allowed(tmp_path: Path, base: str) -> None:
    file = write(tmp_path, "mine.yaml", "run: {sed: 5}\n")
    message = refused([base, file])
    assert message.startswith(f"{file}: unknown setting 'run.sed'. Did you mean 'seed'? Allowed here: currency, frequency, ")


def test_unknown_section_and_unknown_setting_of_a_source(base: str) -> None:
    assert "unknown setting 'stok'. Did you mean 'stock'?" in refused([base], "stok.replications=5")
    assert "unknown setting 'sources.items.pth'. Did you mean 'path'?" in refused([base], "sources.items={path: a, pth: b}")
    assert "unknown setting 'run.zzz'. Allowed here: " in refused([base], "run.zzz=1")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("run.seed=many", "setting 'run.seed' = 'many': Input should be a valid integer"),
        ("run.seed=-1", "setting 'run.seed' = -1: Input should be greater than or equal to 0"),
        ("run.frequency=H", "setting 'run.frequency' = 'H': Input should be 'D', 'W' or 'M'"),
        ("defaults.fill_rate=95", "setting 'defaults.fill_rate' = 95: Input should be less than 1"),
        ("run.run_date=tomorrow", "setting 'run.run_date' = 'tomorrow'"),
        ("run.run_date=1767225600", "setting 'run.run_date' = 1767225600: expected a date like 2026-01-31"),
        ("run.run_date=0015-01-01", "setting 'run.run_date' = 0015-01-01: is no day that can be planned for"),
        ("backtest.windows=2", "setting 'backtest.windows' = 2: Input should be greater than or equal to 3"),
        ("sources.sales=sales.csv", "setting 'sources.sales' = 'sales.csv'"),
        ("run=fast", "setting 'run' = 'fast'"),
    ],
)
def test_wrong_value_names_the_setting_its_place_and_the_rule(base: str, override: str, words: str) -> None:
    assert f"--set {override}: {words}" in refused([base], override)


def test_every_mistake_is_told_at_once(base: str) -> None:
    lines = refused([base], "run.sed=1", "run.frequency=H", "spark.buckets=0").splitlines()
    assert sorted(line.partition(": ")[0] for line in lines) == [
        "--set run.frequency=H",
        "--set run.sed=1",
        "--set spark.buckets=0",
    ]


def test_missing_sales_and_missing_path(tmp_path: Path) -> None:
    assert "setting 'sources' is missing" in refused([write(tmp_path, "empty.yaml", "")])
    file = write(tmp_path, "no_path.yaml", "sources: {sales: {columns: {sku: a}}}\n")
    assert f"{file}: setting 'sources.sales' = {{'columns': {{'sku': 'a'}}}}: give either a path or a table" in refused([file])


def test_a_source_has_one_place(base: str) -> None:
    assert "give either a path or a table" in refused([base], "sources.sales.table=a.b.c")
    assert "has no format" in refused([base], "sources.items={table: a.b.c, format: csv}")
    for name in ("sources.sales.path", "run.output"):
        assert "path of Windows; under WSL the same place is /mnt/c/data/a" in refused([base], f"{name}='C:\\data/a'")


@pytest.mark.parametrize("override", ["run.seed", "=5", " =5", ""])
def test_override_without_name_or_value(base: str, override: str) -> None:
    assert "expected NAME=VALUE" in refused([base], override)


def test_override_that_is_not_a_value(base: str) -> None:
    assert "is not a valid value" in refused([base], "run.output=[a")
    assert "is not a valid value" in refused([base], "run.run_date=2026-02-30")


def test_missing_file(tmp_path: Path) -> None:
    assert refused([str(tmp_path / "none.yaml")]) == (
        f"{tmp_path / 'none.yaml'}: can't be read (No such file or directory). Name a file with --config."
    )
    assert "can't be read (Is a directory)" in refused([str(tmp_path)])


@pytest.mark.parametrize("text", ["run: [1, 2", "a: b: c", "run:\n\t- x", "run: {run_date: 2026-13-01}"])
def test_not_yaml(tmp_path: Path, text: str) -> None:
    file = write(tmp_path, "bad.yaml", text)
    assert refused([file]).startswith(f"{file}: not valid YAML: ")


def test_not_settings(tmp_path: Path) -> None:
    assert "expected settings (name: value), found list" in refused([write(tmp_path, "list.yaml", "- a\n")])
    (tmp_path / "latin.yaml").write_bytes(b"run: {currency: \xa3}")
    assert "not valid YAML" in refused([str(tmp_path / "latin.yaml")])


def test_a_resolved_configuration_is_frozen(base: str) -> None:
    settings = load([base])
    with pytest.raises(ValidationError, match="frozen"):
        settings.run.seed = 3  # type: ignore[misc]


def test_fingerprint_follows_the_settings(base: str) -> None:
    plain = fingerprint(load([base]))
    assert len(plain) == 64
    assert plain == fingerprint(load([base], ["run.seed=20"]))
    assert plain == fingerprint(load([base], ["spark.driver_memory=8g"])), "where it runs does not change the plan"
    assert plain != fingerprint(load([base], ["run.seed=21"]))
    assert plain != fingerprint(load([base], ["sources.sales.columns={sku: a}"]))


def models(model: type[BaseModel] = Strict) -> list[type[BaseModel]]:
    return [found for child in model.__subclasses__() for found in [child, *models(child)]]


def test_every_setting_says_what_it_is() -> None:
    """Sections are described by their class, single settings by their field."""
    silent = [
        f"{model.__name__}.{name}"
        for model in models()
        for name, field in model.model_fields.items()
        if not field.description and not is_section(field.annotation)
    ]
    assert silent == []
    assert all(model.__doc__ for model in models())


def is_section(annotation: object) -> bool:
    options = getattr(annotation, "__args__", (annotation,))
    return any(isinstance(option, type) and issubclass(option, Strict) for option in options)


def test_a_mistake_within_a_named_signal_names_itself(base: str) -> None:
    message = refused([base], "signals.fuel={delay_day: 7}")
    assert "unknown setting 'signals.fuel.delay_day'. Did you mean 'delay_days'? Allowed here: delay_days, " in message
    assert "delay_days and known_ahead exclude each other" in refused([base], "signals.fuel={delay_days: 7, known_ahead: true}")
    assert "what is taken from sales is not known ahead" in refused([base], "signals.price={source: sales, known_ahead: true}")


def test_signals_known_ahead_for_some_days_or_as_far_as_is_planned(base: str) -> None:
    signals = load([base], ["signals={weather: {known_ahead: 10}, offer: {known_ahead: true, missing: 0}, fuel: {}}"]).signals
    assert [signals[name].known_ahead for name in ("weather", "offer", "fuel")] == [10, True, False]
    assert signals["weather"].known_ahead is not True
    assert (signals["offer"].missing, signals["fuel"].missing) == (0, "unknown")


@pytest.mark.parametrize("pattern", ["dd/mm/yyyy", "DD/MM/YYYY", "%d.%m.%Y", "dd.MM", "uuuu-MM-dd", "EEE dd.MM.yyyy"])
def test_a_pattern_of_dates_that_names_no_day_is_told(tmp_path: Path, pattern: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"sources: {{sales: {{path: sales.csv, date_format: '{pattern}'}}}}")
    with pytest.raises(ConfigurationError, match=r"sources.sales.date_format' = .* written as yyyy, MM and dd \(mm is minutes"):
        load([str(file)])
