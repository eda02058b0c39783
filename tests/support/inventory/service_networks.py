"""Networks of guaranteed service that several tests place stock in."""

from echelon.textbook.multi_echelon.service_network import ServiceNetwork, Stage


def mixed_by_relaxation() -> ServiceNetwork:
    """Two ways from the first stage to the fourth: the linear relaxation mixes two placements (52.81)."""
    stages = (
        Stage("a", 4, 1, 1.0, 1.0, outbound_time=2),
        Stage("b", 6, 2, 1.0, outbound_time=2),
        Stage("c", 2, 1, 1.0),
        Stage("d", 4, 2, 1.0, 5.0, outbound_time=0),
        Stage("e", 1, 5, 1.0, 1.0, outbound_time=0),
    )
    return ServiceNetwork(stages, ((0, 1), (0, 2), (0, 3), (2, 3), (2, 4), (3, 4)))
