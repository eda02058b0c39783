"""What the pooled model knows of a series, its past and the days ahead."""
