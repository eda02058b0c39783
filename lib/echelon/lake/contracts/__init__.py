"""Every published table, by name, in the order in which a run publishes them."""

from echelon.lake.contract import Table
from echelon.lake.contracts import demand, features, forecast, network, release, stock

_ALL = (*network.TABLES, *features.TABLES, *demand.TABLES, *forecast.TABLES, *stock.TABLES, *release.TABLES)
TABLES: dict[str, Table] = {table.name: table for table in _ALL}
