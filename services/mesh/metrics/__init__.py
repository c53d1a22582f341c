"""What a process tells about itself in numbers, in the text format that Prometheus reads.

Labels come from the contract and from the code, never from a request: no tenant, no person, and as
many series as there are methods and codes.
"""
