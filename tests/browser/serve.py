"""The real service on a given port, as `python3 -m bot up` serves it, for a browser: `python serve.py PORT`.

One address asks for far more sessions here than a shop ever would, so the limits a minute are out of the way.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import uvicorn
from limits import parse

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot import parts as joined
from bot.channels.widget.routes import Limits
from bot.settings import read_settings

PLENTY = parse("100000/minute")


def main(port: int) -> None:
    """Serve until the process is ended."""
    vars(joined)["Limits"] = partial(Limits, PLENTY, PLENTY, PLENTY)
    parts = joined.open_parts(read_settings(os.environ))
    parts.prepare()
    uvicorn.run(parts.app(), host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
