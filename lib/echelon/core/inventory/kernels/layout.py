"""Where things lie in the flat arrays of the kernels.

Everything is stored as rows of BLOCK replications. A node's rows lie in one record at constant distances, which lets
LLVM prove that they do not overlap, so that it turns the loops over replications into vector code.
"""

from typing import NamedTuple

import numpy as np

from echelon.core.arrays import Flags, Floats, Ints

BLOCK = 64

# A word of 64 bits that holds two numbers of 32.
S32, LOW_32 = np.uint64(32), np.uint64(0xFFFFFFFF)
# Of the lower half, 20 bits and 12.
S12, LOW_12 = np.uint64(12), np.uint64(0xFFF)

# State record of a node. STOCK is on hand; at a node without children that backorders it is on hand - backorders.
STOCK, POSITION, CLAIM, OWED, SHARE, CUSTOMERS, LEFT, OPEN, SHIPPED = range(9)
RECORD = 9

# Adjoint record: derivatives with respect to the state of the same name; RECEIVED is the one of stock after receipt.
D_STOCK, D_POSITION, D_CLAIM, D_CUSTOMERS, D_RECEIVED, D_SHIPPED, D_SHARE, D_LEVEL = range(8)

# Tape record of a node and period: claim on the source before shipping, stock - demand; where there are children also
# the share shipped, 1 / claims on the node, and customers' backorders before shipping.
T_CLAIM, T_NET, T_SHARE, T_INVERSE, T_CUSTOMERS = range(5)
TAPE = 5
TAPE_LEAF, TAPE_INNER, TAPE_INNER_CUSTOMERS = 2, 4, 5

# Sums over the measured periods. SLOPE counts the periods in which one unit more would have served one unit more; EXCESS is
# drawn demand less expected demand, where expectations are taken for it.
DEMAND, UNMET, ORDERS, ORDERS_UNMET, ON_HAND, BACKORDERS, READY, SLOPE, COVERED, CYCLES, STOCKOUTS, CUSTOMERS_OWED = range(12)
EXCESS = 12
SUMS = 13


class NetworkArrays(NamedTuple):
    """One SKU's network for the kernels; arrays have one entry per node, parents before children."""

    parent: Ints  # -1: outside supplier
    customers: Ints  # row in the demand paths, -1: none
    inner: Flags  # has children
    lost: Flags  # unmet customers' demand is lost, not backordered
    review: Ints  # periods between orders
    low: Ints  # least lead time, periods
    high: Ints  # greatest lead time
    wide: Flags  # the ring holds arrivals by due period, not shipments by period
    lot: Floats  # order quantities are multiples of this; 0: any quantity
    moq: Floats  # minimum order quantity
    cycle_start: Ints  # phase of the review cycle as seen by the receipts
    ring_at: Ints  # first row of the node's shipments in the ring
    ring_mask: Ints  # ring length - 1; the length is a power of two
    tape_at: Ints  # first row of the node on the tape of a period; the last entry is the number of rows


class Workspace(NamedTuple):
    """Memory that the kernels use again for every block."""

    state: Floats
    ring: Floats
    tape: Floats
