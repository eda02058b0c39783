"""Stage `stock` alone: spark-submit ... jobs/stock.py --config conf/base.yaml."""

import sys

from echelon.cli import main

sys.exit(main(["stock", *sys.argv[1:]]))
