"""Great Expectations: suites made from the contracts, run before a table is published."""
