"""How the library and the dialogue engine are weighed against each other, fitted and measured."""
