"""Optimises a shard in a process of its own; see `edge_shard`.

python -m services.search.edge_optimizing FOLDER
"""

import os
import sys

from qdrant_edge import EdgeShard


def main(folder: str) -> None:
    # Searches come first.
    os.nice(10)
    shard = EdgeShard.load(folder)
    shard.optimize()
    shard.close()


if __name__ == "__main__":
    main(sys.argv[1])
