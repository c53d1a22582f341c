"""Makes Markdown of files. Whatever parses foreign bytes runs in a process of its own.

`worker` and what it imports belong to that process; everything else never loads a parser.
"""
