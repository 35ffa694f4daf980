"""`python -m fusefront.benchmark` is the command `fusefront`."""

from .cli import main

main()
