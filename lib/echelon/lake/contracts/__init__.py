"""Every published table, by name, in the order in which a run publishes them."""

from echelon.lake.contracts import demand, features, forecast, network, release, stock
from echelon.lake.contracts.contract import Table

_ALL = (*network.TABLES, *features.TABLES, *demand.TABLES, *forecast.TABLES, *stock.TABLES, *release.TABLES)
TABLES: dict[str, Table] = {table.name: table for table in _ALL}
