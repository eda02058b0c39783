"""`python -m benchmarks` (first part of make bench): plan the included data once and say where the time goes."""

from benchmarks.plan import main

if __name__ == "__main__":
    main()
