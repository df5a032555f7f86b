"""Recorded, published or hypothetical cases, run through the deployed contracts; never through a model of them.

`source` reads what was given; `ground` is a fresh chain with the suite and its officers; `conveyor` brings acts to it
by the hundred, with a `journal`; `accounts` and `holdings` open what a case needs; `books` and `confirmation` check
what came of it.
"""
