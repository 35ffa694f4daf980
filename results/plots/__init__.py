"""Figures of results. Only the modules in this folder import matplotlib.

`figures.py` lists the kinds, and `draw.py` has the functions to draw and save them:

    figure = draw(fusefront.load("runs/smoke"), "anytime", width="column")
    save(figure, Path("anytime.pdf"))
"""
