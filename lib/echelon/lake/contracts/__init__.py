"""Every published table, by name, in the order in which a run publishes them."""

from echelon.lake.contract import Table
from echelon.lake.contracts import demand, forecast, network, release, stock

TABLES: dict[str, Table] = {
    table.name: table for table in (*network.TABLES, *demand.TABLES, *forecast.TABLES, *stock.TABLES, *release.TABLES)
}
