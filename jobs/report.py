"""Stage `report` alone: spark-submit ... jobs/report.py --config conf/base.yaml."""

from echelon.__main__ import job

job("report")
