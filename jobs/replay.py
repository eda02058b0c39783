"""Stage `replay` alone: spark-submit ... jobs/replay.py --config conf/base.yaml."""

from echelon.__main__ import job

job("replay")
