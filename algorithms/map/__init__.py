"""MAP: surrogates of the accuracies in coefficient space."""
