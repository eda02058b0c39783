"""Orders that were received in parts: what was ordered belongs to all parts together."""

import pandas as pd

_ORDER = ["delivery", "source", "destination", "sku"]


def shared_orders(deliveries: pd.DataFrame) -> pd.DataFrame:
    """The deliveries with the ordered quantity shared out among the receipts of one order: each part was ordered as it came,
    and the last one has what was still open.

    deliveries: delivery, source, destination, sku, received_date, quantity_ordered, quantity_received; other columns and the
    order of rows stay. Where receipts of an order name different ordered quantities, these are the parts' own, and stay too.
    """
    rows = deliveries.sort_values([*_ORDER, "received_date"], kind="stable")
    order = rows.groupby(_ORDER, dropna=False, sort=False)
    ordered, came = rows["quantity_ordered"].astype("float64"), rows["quantity_received"].astype("float64")
    same = (order["quantity_ordered"].transform("nunique") == 1) & (order["quantity_ordered"].transform("count") > 1)
    whole = same & (order["quantity_received"].transform("count") == order["delivery"].transform("size"))
    earlier = came.groupby([rows[name] for name in _ORDER], dropna=False).cumsum() - came
    still_open = (ordered - earlier).clip(lower=0.0)
    last = order.cumcount(ascending=False) == 0
    shared = still_open.where(last, still_open.clip(upper=came))
    return deliveries.assign(quantity_ordered=ordered.mask(whole, shared))
