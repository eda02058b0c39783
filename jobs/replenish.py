"""Stage `replenish` alone: spark-submit ... jobs/replenish.py --config conf/base.yaml."""

from echelon.__main__ import job

job("replenish")
