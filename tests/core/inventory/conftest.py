"""Its place makes `oracle` and `small_problems` importable from the tests beside it."""
