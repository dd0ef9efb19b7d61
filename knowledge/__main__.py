"""`python3 -m knowledge`: the environment is made on first use, then the commands run."""

import sys

from bot.bootstrap import ensure

if __name__ == "__main__":
    settings = ensure("knowledge")
    from embeddings.prefixes import Prefixes
    from knowledge.commands import run
    from knowledge.place import Place

    prefixes = Prefixes(settings.encoder_query_prefix, settings.encoder_passage_prefix)
    sys.exit(run(sys.argv[1:], Place(settings.home, settings.database_url, settings.encoder, prefixes)))
