"""Problems with closed-form losses, whose Pareto sets and fronts are known."""
