"""How fast pages become searchable: read, cut, encoded, stored and indexed, in one process.

    python -m tests.bench.ingesting --pages FOLDER

FOLDER has 18f-handbook and gnome-help in it; without it the demo articles are put.
"""

import argparse
import asyncio
import time
from pathlib import Path

from tests.eval.labelled import demo_sets, page_sets
from tests.eval.searching import asking, running_search


async def main() -> None:
    arguments = _arguments()
    sets = page_sets(arguments.pages) if arguments.pages else demo_sets()
    async with running_search() as parts:
        # The first run of the encoder makes what later ones find.
        await parts.library.vectors.of_question("warm up")
        begun = time.perf_counter()
        for labelled in sets:
            async with asking(parts, labelled):
                pass
        seconds = time.perf_counter() - begun
        chunks = sum(one.chunk_count for one in (await parts.library.store.revisions()).values())
    documents = sum(len(one.documents) for one in sets)
    print(
        f"ingest    {documents} pages, {chunks:,} chunks in {seconds:.1f} s: "
        f"{chunks / seconds:.0f} chunks/s"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
