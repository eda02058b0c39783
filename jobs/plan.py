"""All stages, for spark-submit or a scheduled job: spark-submit ... jobs/plan.py --config conf/base.yaml."""

from echelon.__main__ import job

job("plan")
