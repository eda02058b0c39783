"""A small business whose lanes share orders, stand in for each other, have limits and are down now and then."""

from support.in_memory import Rows
from support.small_business import LOCATIONS, lead_time

LANES: Rows = [
    ("Maker", "Hub", 14.0, 2.0, 1, 0.0, 1.0, 1, 0.4, None, None, None, 10.0),
    ("Other", "Hub", 7.0, 2.0, 1, 0.0, 1.0, 1, 0.6, None, None, None, 5.0),
    ("Hub", "North", 2.0, 0.5, 1, 0.0, 1.0, 1, None, None, 50.0, 5.0),
    ("Other", "North", 9.0, 2.0, 1, 0.0, 1.0, 2, None, 30.0),
    ("Hub", "South", 3.0, 1.0, 1, 0.0, 1.0, 1),
    ("Maker", "South", 14.0, 2.0, 1, 0.0, 1.0, 2),
]
LEAD_TIMES: Rows = [lead_time(lane[0], lane[1], [int(lane[2]), int(lane[2]) + 3]) for lane in LANES]
PLACES: Rows = [*LOCATIONS, ("Other", "supplier", 0.0)]
