"""Stage `ingest` alone: spark-submit ... jobs/ingest.py --config conf/base.yaml."""

from echelon.__main__ import job

job("ingest")
