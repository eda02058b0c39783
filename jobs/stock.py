"""Stage `stock` alone: spark-submit ... jobs/stock.py --config conf/base.yaml."""

from echelon.__main__ import job

job("stock")
