"""Training shared by gradient-based algorithms: decoders, weightings, criteria, and the loop."""
