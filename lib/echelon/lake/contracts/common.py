"""Columns that several tables share, so that each is worded and checked once."""

from echelon.lake.contracts.contract import Column

SKU = Column("sku", "string", "Stock keeping unit, as in the source", check="length(sku) > 0")
LOCATION = Column("location", "string", "Stocking point", check="length(location) > 0")
SOURCE = Column("source", "string", "Where goods come from: an outside supplier or a stocking point upstream")
DESTINATION = Column("destination", "string", "Stocking point that receives the goods")
SEGMENT = Column("segment", "string", "ABC class and demand class, for example A-lumpy: the group that shares a champion")
MODEL = Column("model", "string", "Name of the forecasting model")


def share(name: str, meaning: str, nullable: bool = False) -> Column:
    """A number between 0 and 1."""
    return Column(name, "double", meaning, "share", nullable, f"{name} between 0 and 1")


def amount(name: str, meaning: str, unit: str, nullable: bool = False) -> Column:
    """A number that cannot be negative."""
    return Column(name, "double", meaning, unit, nullable, f"{name} >= 0")
