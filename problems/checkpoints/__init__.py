"""Checkpoints of other people: where they are, what they hold, and whether they fit each other.

`location.locate` finds a folder, `checkpoint.open_checkpoint` reads its headers,
`comparison.mismatches` compares an expert with a pretrained model, `tensors` reads weights as task
vectors, and `adapters` merges adapters into weights. Only `tensors` imports torch.
"""
