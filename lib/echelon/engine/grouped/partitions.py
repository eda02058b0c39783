"""Numbers that Spark's hash sends each to a partition of its own, so that groups can be placed one to a partition.

`repartition(n, column)` is hash-partitioned, which is what `groupBy(column)` asks for, so the rows are shuffled once; but the
hash of 0 .. n - 1 leaves partitions empty and puts several groups into others.
"""

from functools import cache

# Of Spark's hash of columns (org.apache.spark.sql.catalyst.expressions.Murmur3Hash).
_SEED = 42
_MASK = 0xFFFFFFFF


@cache
def labels(partitions: int) -> tuple[int, ...]:
    """For each partition, the smallest number >= 0 whose hash lies there."""
    number_of: dict[int, int] = {}
    number = 0
    while len(number_of) < partitions:
        number_of.setdefault(spark_hash(number) % partitions, number)
        number += 1
    return tuple(number_of[place] for place in range(partitions))


def spark_hash(number: int) -> int:
    """`hash(number)` in Spark, of a column of type int: MurmurHash3_x86_32 of its four bytes, as a signed number."""
    k = _rotated(number * 0xCC9E2D51 & _MASK, 15) * 0x1B873593 & _MASK
    h = (_rotated(_SEED ^ k, 13) * 5 + 0xE6546B64 & _MASK) ^ 4
    h = (h ^ h >> 16) * 0x85EBCA6B & _MASK
    h = (h ^ h >> 13) * 0xC2B2AE35 & _MASK
    h ^= h >> 16
    return h - (1 << 32) if h >> 31 else h


def _rotated(bits: int, by: int) -> int:
    return (bits << by | bits >> 32 - by) & _MASK
