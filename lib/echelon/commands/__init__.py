"""Commands beside the stages: queries, releases, rollback, vacuum, data docs."""
