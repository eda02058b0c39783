"""What event loops call the sums that the simulators add up."""

from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.network import measures

BOTH = {
    "demand": layout.DEMAND,
    "unmet": layout.UNMET,
    "orders": layout.ORDERS,
    "orders_unmet": layout.ORDERS_UNMET,
    "on_hand": layout.ON_HAND,
    "backorders": layout.BACKORDERS,
    "customers_owed": layout.CUSTOMERS_OWED,
    "ready": layout.READY,
    "stock_outs": layout.STOCKOUTS,
}
GENERAL = {
    "lost": measures.LOST,
    "pipeline": measures.PIPELINE,
    "ordered": measures.ORDERED,
    "order_count": measures.ORDER_COUNT,
    "waste": measures.WASTE,
}
