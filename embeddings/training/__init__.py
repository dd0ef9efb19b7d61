"""How the built-in encoder is made: one static vector a feature, trained so that phrasings of one group meet."""
