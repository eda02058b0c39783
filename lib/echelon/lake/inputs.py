"""What each input may hold: columns, types, which are required, and the ranges outside of which a row is quarantined."""

from dataclasses import dataclass


@dataclass(frozen=True)
class InputColumn:
    """One column of an input. `low` and `high` are inclusive unless `above` says that `low` itself is excluded."""

    name: str
    type: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    above: bool = False


@dataclass(frozen=True)
class Input:
    """One input. `key` says which rows speak of the same thing (ingest/repeats); where it is empty, whole rows may be
    compared (sales). Of the columns in `any_of`, the input and each of its rows must have one at least."""

    name: str
    columns: tuple[InputColumn, ...]
    key: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()

    @property
    def required(self) -> list[str]:
        """Names of the columns without which the input is refused."""
        return [column.name for column in self.columns if column.required]


# Quantities, stock and prices are added up exactly, as decimals; beyond this their products would not fit.
LARGEST = 1e12


def _number(name: str, low: float | None = 0, high: float | None = None, above: bool = False) -> InputColumn:
    return InputColumn(name, "double", low=low, high=high, above=above)


_SKU = InputColumn("sku", "string", required=True)
_LOCATION = InputColumn("location", "string", required=True)
_LANE = (InputColumn("source", "string", required=True), InputColumn("destination", "string", required=True))
_NAME = InputColumn("name", "string", required=True)
_SCOPE = (InputColumn("sku", "string"), InputColumn("location", "string"))
# Stands for every SKU or location, where no name is given.
EVERY = "*"

INPUTS: dict[str, Input] = {
    source.name: source
    for source in (
        Input(
            "sales",
            (
                _SKU,
                _LOCATION,
                InputColumn("date", "date", required=True),
                InputColumn("quantity", "double", required=True, low=-LARGEST, high=LARGEST),
                _number("price", low=-LARGEST, high=LARGEST),
                InputColumn("document", "string"),
            ),
        ),
        Input(
            "items",
            (
                _SKU,
                InputColumn("description", "string"),
                InputColumn("category", "string"),
                _number("unit_cost"),
                _number("unit_price"),
                _number("shelf_life_days", low=1),
            ),
            ("sku",),
        ),
        Input(
            "locations",
            (_LOCATION, InputColumn("kind", "string"), _number("holding_rate"), InputColumn("region", "string")),
            ("location",),
        ),
        Input(
            "lanes",
            (
                *_LANE,
                _number("lead_time_days"),
                _number("lead_time_sd_days"),
                InputColumn("review_period_days", "int", low=1),
                _number("moq"),
                _number("lot_size", above=True),
                InputColumn("priority", "int"),
                _number("share", high=1),
                _number("capacity", above=True),
                _number("days_up", above=True),
                _number("days_down", above=True),
                _number("order_cost"),
            ),
            ("source", "destination"),
        ),
        Input(
            "deliveries",
            (
                InputColumn("delivery", "string", required=True),
                *_LANE,
                InputColumn("sku", "string"),
                InputColumn("order_date", "date", required=True),
                InputColumn("promised_date", "date"),
                InputColumn("received_date", "date", required=True),
                _number("quantity_ordered"),
                _number("quantity_received"),
            ),
            ("delivery",),
        ),
        Input(
            "stock",
            (
                _SKU,
                _LOCATION,
                InputColumn("on_hand", "double", required=True, low=-LARGEST, high=LARGEST),
                _number("on_order", high=LARGEST),
                _number("backorders", high=LARGEST),
            ),
            ("sku", "location"),
        ),
        Input(
            "stock_history",
            (
                _SKU,
                _LOCATION,
                InputColumn("date", "date", required=True),
                _number("on_hand", low=-LARGEST, high=LARGEST),
                InputColumn("stocked_out", "boolean"),
            ),
            ("sku", "location", "date"),
            any_of=("on_hand", "stocked_out"),
        ),
        Input(
            "targets",
            (_SKU, _LOCATION, InputColumn("fill_rate", "double", required=True, low=0, high=1)),
            ("sku", "location"),
        ),
        Input(
            "signals",
            (
                _NAME,
                InputColumn("date", "date", required=True),
                InputColumn("value", "double", required=True),
                *_SCOPE,
            ),
            ("name", "sku", "location", "date"),
        ),
        Input(
            "events",
            (_NAME, InputColumn("date", "date", required=True), InputColumn("location", "string")),
            ("name", "location", "date"),
        ),
    )
}
