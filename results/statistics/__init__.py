"""Statistics of results: resampling, tie groups, tests of differences, aggregates, power."""
