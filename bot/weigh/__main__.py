"""`python3 -m bot.weigh`: fits how the two minds are weighed, and measures what the second one is worth.

On the golden questions, each judged by weights that were fitted without it; further files of labelled questions (JSON
lines with q, entry or entry_any, expect) are only measured. `--write` keeps weights and threshold for the software.
"""

import argparse
import sys
from pathlib import Path

from bot.bootstrap import ensure


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m bot.weigh", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the fitted weights")
    parser.add_argument("files", nargs="*", type=Path, help="further labelled questions, only measured")
    options = parser.parse_args()
    settings = ensure("bot.weigh")
    from bot.weigh.measured import run

    return run(options, settings)


if __name__ == "__main__":
    sys.exit(main())
