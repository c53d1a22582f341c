"""`make sla-proof`: holds 10,000 drawn histories against the slow reference.

python -m tests.ticket.sla.proof --histories 10000 --seed 7
"""

import argparse
import time

from tests.ticket.sla.comparing import compare
from tests.ticket.sla.histories import cases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    begun = time.thread_time()
    compared = compare(cases(arguments.histories, arguments.seed))
    print(
        f"{compared.histories:,} histories, {compared.due_times:,} due times, "
        f"{len(compared.differing)} differing, {time.thread_time() - begun:.0f} s of one core"
    )
    if compared.differing:
        raise SystemExit(compared.differing[0])


if __name__ == "__main__":
    main()
