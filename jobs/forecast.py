"""Stage `forecast` alone: spark-submit ... jobs/forecast.py --config conf/base.yaml."""

from echelon.__main__ import job

job("forecast")
