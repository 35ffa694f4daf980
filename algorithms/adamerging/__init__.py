"""AdaMerging: coefficients from unlabelled inputs."""
