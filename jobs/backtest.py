"""Stage `backtest` alone: spark-submit ... jobs/backtest.py --config conf/base.yaml."""

from echelon.__main__ import job

job("backtest")
