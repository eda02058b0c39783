"""Stage `prepare` alone: spark-submit ... jobs/prepare.py --config conf/base.yaml."""

from echelon.__main__ import job

job("prepare")
