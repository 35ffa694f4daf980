"""The suites of the literature: CLIP on eight image data sets, GPT-2 on seven tasks of GLUE.

Weights and data come from the Hugging Face hub, or from a mirror of it on this machine.
`catalogue.entries` lists the problems without importing torch.
"""
