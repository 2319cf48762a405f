"""The functions, one package each; they share nothing but `shared`."""
