"""The strict models of a run's configuration. An unknown setting is an error; every default is stated here."""

import os
import re
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from echelon.core.forecast.selection.names import check_names

# A drive of Windows would be taken for the kind of an address.
_OFFSET = re.compile(r"^[+-]\d\d:\d\d$")
_PATTERN = "GyMLdhHkKmsSaVzOXxZ"  # letters of Spark's patterns that say when
_NO_PLACES = {"Factory", "localtime"}  # of the list of zones, and none themselves
_WINDOWS = re.compile(r"^[A-Za-z]:[\\/]")


def _of_this_system(path: str | None) -> str | None:
    """Refuse what would become a folder of that name here: paths of another system, and ~, which shells alone replace."""
    if path and path.split("/")[0] == "~":
        raise PydanticCustomError(
            "path", "~ stands for your home in a shell only; write {seen}", {"seen": str(Path(path).expanduser())}
        )
    if path and _WINDOWS.match(path):
        wsl_path = "/mnt/" + path[0].lower() + path[2:].replace("\\", "/")
        raise PydanticCustomError("path", "this is a path of Windows; under WSL the same place is {seen}", {"seen": wsl_path})
    return path


def _no_seconds(value: object) -> object:
    """Pydantic takes numbers for seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and re.fullmatch(r"[-+]?[\d.]+", value.strip())):
        raise PydanticCustomError("date_type", "expected a date")
    return value


def _of_our_time(day: date) -> date:
    if not 1900 <= day.year < 2200:
        raise PydanticCustomError("day", "is no day that can be planned for")
    return day


Day = Annotated[date, BeforeValidator(_no_seconds), AfterValidator(_of_our_time)]
Place = Annotated[str, AfterValidator(_of_this_system)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
NO_SWITCH = "no_switch"


class Strict(BaseModel):
    """Unknown settings are refused and a resolved configuration can't be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_switch(cls, value: object, info: ValidationInfo) -> object:
        """Pydantic takes true for 1, and YAML takes many a word for true."""
        allowed = cls.model_fields[str(info.field_name)].annotation
        if isinstance(value, bool) and not {bool, str} & {allowed, *get_args(allowed)}:
            raise PydanticCustomError(NO_SWITCH, "true or false is not allowed here")
        return value


class Run(Strict):
    """What is planned, and where the results go."""

    output: Place = Field("out", description="folder or URI for tables and report")
    suites: Place = Field("expectations", description="folder of the Great Expectations suites")
    run_date: Day | None = Field(None, description="day planned for; default: the day after the last complete sale")
    frequency: Literal["D", "W", "M"] = Field("D", description="planning period: day, week (from Monday) or month")
    max_failed_share: Share = Field(0.05, description="the run stops when more series or SKUs need a fallback")
    seed: int = Field(20, ge=0, description="seed of every random number")
    currency: str = Field("", description="shown before amounts of money in the report")


class Spark(Strict):
    """How Spark is started. Under spark-submit, what spark-submit says wins."""

    master: str = Field("local[*]", description="Spark master")
    driver_memory: str = Field("2g", description="memory of the driver (local: of everything but the Python workers)")
    python_memory: str = Field(
        "2500m", description="most address space that one Python worker (one per core) may take, 1,100 MB of it for libraries"
    )
    buckets: Count = Field(
        default_factory=lambda: 4 * (os.cpu_count() or 4),
        description="buckets that grouped work is balanced over, at least 4 x cores; default: 4 x this machine's cores",
    )
    rows_per_bucket: Count = Field(
        1_000_000, description="rows of demand that a bucket holds at most, about: of more there are more than `buckets`"
    )
    shuffle_partitions: Count = Field(4, description="partitions of shuffles")
    settings: dict[str, str] = Field(default_factory=dict, description="further Spark settings")


class Source(Strict):
    """One input: where it lies and how its columns are called."""

    path: Place | None = Field(None, description="file, folder, glob or URI")
    table: str | None = Field(None, description="instead of a path: name of a table that Spark knows, catalog.schema.name")
    format: Literal["csv", "parquet", "delta"] | None = Field(
        None,
        description="default: delta where the folder is such a table, else csv where the path contains .csv, else parquet",
    )
    columns: dict[str, str] = Field(default_factory=dict, description="our column: column of the file")
    constants: dict[str, str] = Field(default_factory=dict, description="our column: value for every row")
    options: dict[str, str] = Field(default_factory=dict, description="reader options passed to Spark")
    date_format: str | None = Field(None, description="pattern of the dates; default: ISO dates or timestamps")
    time_zone: str | None = Field(
        None,
        description="zone whose days moments fall on, as Europe/Berlin; default: the day as written, of timestamps UTC's",
    )
    times_in: str | None = Field(
        None, description="zone in which times without one are written, as UTC; with time_zone. Default: the day as written"
    )

    @field_validator("time_zone", "times_in")
    @classmethod
    def _is_zone(cls, name: str | None) -> str | None:
        if name is not None and not _OFFSET.match(name) and (name not in available_timezones() or name in _NO_PLACES):
            raise PydanticCustomError("zone", "expected a time zone like Europe/Berlin, UTC or +01:00")
        return name

    @field_validator("date_format")
    @classmethod
    def _says_the_day(cls, pattern: str | None) -> str | None:
        letters = re.sub(r"'[^']*'", "", pattern or "yM")
        if re.search("[DYuEecFWwQq]", letters) or not ("y" in letters and re.search("[ML]", letters)):
            raise PydanticCustomError(
                "pattern",
                "year, month and day are written as yyyy, MM and dd (mm is minutes), for example dd.MM.yyyy; year and month "
                "alone stand for the first day",
            )
        if plain := re.search(r"[A-Za-z]", re.sub(f"[{_PATTERN}]", "", letters)):
            raise PydanticCustomError(
                "plain_letter",
                "letters that stand for themselves need single quotes, {letter} is written '{letter}': yyyy-MM-dd'T'HH:mm:ss",
                {"letter": plain[0]},
            )
        return pattern

    @model_validator(mode="after")
    def _one_place(self) -> "Source":
        if not self.place or (self.path and self.table):
            raise PydanticCustomError("place", "give either a path or a table")
        if twice := set(self.columns) & set(self.constants):
            raise PydanticCustomError("twice", "{name} is both in columns and in constants", {"name": min(twice)})
        if self.times_in and not self.time_zone:
            raise PydanticCustomError("zone", "with times_in, say whose days are meant: time_zone")
        if self.table and self.format:
            raise PydanticCustomError("format", "a table that Spark knows has no format to be told; leave it out")
        return self

    @property
    def place(self) -> str:
        """Where it lies, in one word."""
        return self.path or self.table or ""


class Sources(Strict):
    """The inputs. Only sales are required (docs/inputs.md)."""

    sales: Source
    items: Source | None = None
    locations: Source | None = None
    lanes: Source | None = None
    deliveries: Source | None = None
    stock: Source | None = None
    stock_history: Source | None = None
    targets: Source | None = None
    signals: Source | None = None
    events: Source | None = None


class Ingest(Strict):
    """How much dirt is taken."""

    max_quarantine_share: Share = Field(0.2, description="the run stops when more of an input's rows is quarantined")
    max_history_years: Annotated[int, Field(ge=1, le=200)] = Field(
        20, description="dates longer before the run date are quarantined as typing errors"
    )
    max_gap_days: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None,
        description="the run stops when sales end longer before the run date; default: 28 days, 56 with weeks, 92 with months",
    )


# Standard deviation of a lead time as a share of it, where nothing is said of it: 4 days of 14.
LEAD_TIME_SD_SHARE = 2 / 7


class Defaults(Strict):
    """What is assumed where the sources are silent."""

    supplier: str = Field("SUPPLIER", description="outside supplier of every location when no lanes are given")
    lead_time_days: NotNegative = Field(14, description="lead time of a lane")
    lead_time_sd_days: NotNegative | None = Field(
        None, description="standard deviation of the lead time of a lane; default: 2/7 of its lead time, so 4 of 14 days"
    )
    review_period_days: Count = Field(7, description="days between orders on a lane")
    moq: NotNegative = Field(0, description="minimum order quantity")
    lot_size: Positive = Field(1, description="order multiple")
    unit_cost_share: Share = Field(0.5, description="unit cost as a share of the median price")
    unit_cost: Positive = Field(1, description="unit cost where there is no price either")
    holding_rate: NotNegative = Field(0.25, description="holding cost per year as a share of the unit cost")
    fill_rate: Annotated[float, Field(gt=0, lt=1)] = Field(0.95, description="fill-rate target of customers")


class Signal(Strict):
    """When a signal beside demand is known, and what holds in periods without a row."""

    source: Literal["signals", "sales", "stock_history"] = Field(
        "signals",
        description="the input of that name; sales: prices that were paid; stock_history: share of days that ended empty",
    )
    delay_days: int = Field(0, ge=0, description="published that many days after the end of its day")
    known_ahead: bool | Count = Field(False, description="known before its day: that many days, or true: as far as is planned")
    missing: Literal["unknown", "last"] | float = Field(
        "unknown", description="in periods without a row: unknown, the last value before, or this number"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "Signal":
        if self.delay_days and self.known_ahead:
            raise ValueError("delay_days and known_ahead exclude each other")
        if self.source != "signals" and (self.known_ahead or self.missing != "unknown"):
            raise ValueError(f"what is taken from {self.source} is not known ahead, and settles itself what is missing")
        return self


class Segments(Strict):
    """Thresholds of the classes."""

    abc: tuple[Share, Share] = Field((0.8, 0.95), description="cumulative value shares that end A and B")
    xyz: tuple[Positive, Positive] = Field((0.5, 1.0), description="coefficients of variation that end X and Y")
    adi: Positive = Field(1.32, description="Syntetos-Boylan limit of the average inter-demand interval")
    cv2: Positive = Field(0.49, description="Syntetos-Boylan limit of the squared coefficient of variation")
    new_weeks: Count = Field(26, description="weeks of history below which a series is new")
    ending_share: Share = Field(0.33, description="share of the year before that an ending series sold at most in 13 weeks")
    dead_weeks: Count = Field(13, description="weeks without demand before a series can be dead; dead ones are forecast as 0")
    dead_probability: Share = Field(0.01, description="a living series is silent so long less often than this; 0: none is dead")


class LeadTimes(Strict):
    """How far deliveries are believed."""

    min_deliveries: Count = Field(
        8, description="a lane with fewer deliveries borrows from its supplier's, which then count as this many"
    )


class Backtest(Strict):
    """Walk-forward backtest and the choice of champions."""

    horizon: Count | None = Field(
        None,
        description="periods that a backtest scores, a horizon; default 28 days, 8 weeks or 3 months. Forecasts reach further",
    )
    windows: Annotated[int, Field(ge=3)] | None = Field(
        None, description="cutoffs; default: 3 more than the replay holds back, if history allows"
    )
    rows_per_model: Count = Field(
        500_000,
        description="series x periods that an lstm or a pooled model of your own gets, at most about; LightGBM is one model",
    )
    candidates: tuple[str, ...] | None = Field(
        None, description="models that compete, simplest first; default by run.frequency (docs/candidates.md)"
    )
    seconds_per_series: Positive = Field(30.0, description="most time for one fit of one series, then the fallback stands in")
    step: Count | None = Field(None, description="periods from one cutoff to the next; default: the horizon")
    gap: Annotated[int, Field(ge=0)] = Field(0, description="periods between the last one known and the first that is scored")
    refit: Count = Field(1, description="a pooled model learns anew at every so many cutoffs; others at each")
    retrain_weeks: Count = Field(
        1,
        description="weeks from one training of LightGBM to the next; in between it forecasts as it learned last",
    )
    margin: Share = Field(
        0.01, description="a challenger must beat the champion by this share of loss (pinball loss and inventory cost)"
    )
    least_windows: Count = Field(2, description="with fewer windows no challenger takes over")
    bias_limit: Positive = Field(0.3, description="a model whose bias is a larger share of demand can't be champion")

    @field_validator("candidates")
    @classmethod
    def _known(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        try:
            check_names(names or ())
        except ValueError as error:
            raise PydanticCustomError("candidates", "{reason}", {"reason": str(error)}) from None
        return names


# The report draws these.
_DRAWN = (0.05, 0.25, 0.75, 0.95)


class Forecast(Strict):
    """What is told of forecasts."""

    quantiles: tuple[float, ...] = Field(
        (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99, 0.995),
        description="probabilities of the quantiles in `forecasts`, a column each (q05, q975); 0.05, 0.25, 0.75 and 0.95, "
        "which the report draws, are always there. Champions do not depend on it",
    )

    explain: Literal["all"] | Annotated[int, Field(ge=0)] = Field(
        0, description="SKUs whose forecasts are explained by their drivers, those of the greatest annual value; all, or 0"
    )

    @field_validator("quantiles", mode="before")
    @classmethod
    def _ascending(cls, quantiles: Any) -> Any:
        listed = isinstance(quantiles, list | tuple) and len(quantiles) > 0
        known = listed and all(type(q) is float and 0 < q < 1 and q == round(q, 4) for q in quantiles)
        if not (known and all(a < b for a, b in pairwise(quantiles))):
            raise PydanticCustomError(
                "quantiles",
                "expected probabilities between 0 and 1 in ascending order, each once and of at most four decimals, for "
                "example [0.5, 0.9, 0.975]",
            )
        return quantiles

    @property
    def published_quantiles(self) -> tuple[float, ...]:
        """Probabilities of the quantiles in `forecasts`, ascending."""
        return tuple(sorted({*self.quantiles, *_DRAWN}))


class Stock(Strict):
    """Simulation and optimisation of the base-stock levels."""

    periods: Count | None = Field(None, description="periods simulated after the warm-up; default 120 days, 52, 36")
    replications: Count = Field(256, description="replications used to optimise")
    certification_replications: Count = Field(1024, description="fresh replications used to certify")
    unmet_demand: Literal["lost", "backordered"] = Field("lost", description="what customers do when stock is out")
    explain: Literal["all"] | Annotated[int, Field(ge=0)] = Field(
        1000, description="SKUs whose safety stock is explained by its causes, those of the greatest annual value; all, or 0"
    )


class Replay(Strict):
    """The held-back weeks, simulated under this plan and under the classical one."""

    weeks: Count = Field(8, description="weeks held back")
    replications: Count = Field(256, description="replications of the lead times")
    moving_average_days: Count = Field(56, description="window of the classical plan's moving average")


class Report(Strict):
    """What the page shows."""

    title: str = Field("Stock plan", description="heading of the report")
    assumptions: tuple[str, ...] = Field((), description="sentences on what is assumed in the sources, shown first")
    fans: Count = Field(6, description="SKU-locations whose forecast is drawn")
    networks: Count = Field(3, description="SKUs whose network is drawn")
    rows: Count = Field(25, description="rows shown of each long table")


class Configuration(Strict):
    """Everything that a run depends on."""

    sources: Sources
    run: Run = Run()
    spark: Spark = Spark()
    ingest: Ingest = Ingest()
    defaults: Defaults = Defaults()
    signals: dict[str, Signal] = Field(default_factory=dict, description="signals beside demand, by name")
    holidays: dict[str, str] = Field(
        default_factory=dict, description="public holidays are events: code of the country by location, * for all others"
    )
    segments: Segments = Segments()
    lead_times: LeadTimes = LeadTimes()
    backtest: Backtest = Backtest()
    forecast: Forecast = Forecast()
    stock: Stock = Stock()
    replay: Replay = Replay()
    report: Report = Report()
