"""MiniLM-L6 on a processor: how its graph is written in 8 bits, and how such a graph is run.

Who owns a model keeps its file, and decides what is done with the vectors of the tokens.
"""
