"""What happens around every RPC: one file and one concern each, unary and streaming alike.

An interceptor takes the method and the rest of the chain and returns the chain with itself around
it. That happens once, at start; a call then costs a few nested coroutines.
"""
