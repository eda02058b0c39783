"""Cut the included deliveries out of the SCMS delivery history and make the assumed lanes beside them.

    python make_cut.py scms_delivered_to_2013.parquet

The source is the USAID file as one parquet table of text (see README.md). Both files are the same byte for byte on every run.
"""

import argparse
import gzip
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
COLUMNS = [
    "id",
    "country",
    "fulfill_via",
    "vendor",
    "product_group",
    "pq_first_sent_to_client_date",
    "po_sent_to_vendor_date",
    "scheduled_delivery_date",
    "delivered_to_client_date",
    "line_item_quantity",
]


def promised_days(lines: pd.DataFrame) -> pd.Series:
    """Days from order to scheduled delivery; missing where one of the two is no date, or the schedule is before the order."""
    ordered = pd.to_datetime(lines["po_sent_to_vendor_date"], format="%m/%d/%y", errors="coerce")
    scheduled = pd.to_datetime(lines["scheduled_delivery_date"], format="%d-%b-%y", errors="coerce")
    days = (scheduled - ordered).dt.days
    return days.where(days >= 0)


def make_lanes(lines: pd.DataFrame) -> pd.DataFrame:
    """A lane for every vendor and country: its mean promised days (of all lines where none tells), more lines first."""
    days = promised_days(lines)
    lanes = lines.assign(days=days).groupby(["vendor", "country"])["days"].agg(["mean", "size"]).reset_index()
    lanes["lead_time_days"] = lanes["mean"].fillna(days.mean()).round().astype(int)
    lanes = lanes.sort_values(["country", "size", "vendor"], ascending=[True, False, True])
    lanes["priority"] = lanes.groupby("country").cumcount() + 1
    lanes = lanes.rename(columns={"vendor": "source", "country": "destination"})
    return lanes[["source", "destination", "lead_time_days", "priority"]]


def write(name: str, table: pd.DataFrame) -> None:
    """Write CSV with \\n line ends; a name that ends in .gz is compressed without a time stamp."""
    data = table.to_csv(index=False, lineterminator="\n").encode()
    (HERE / name).write_bytes(gzip.compress(data, 9, mtime=0) if name.endswith(".gz") else data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="the SCMS delivery history as one parquet table")
    lines = pd.read_parquet(parser.parse_args().source)[COLUMNS]
    write("deliveries.csv.gz", lines)
    write("lanes.csv", make_lanes(lines))


if __name__ == "__main__":
    main()
