"""The functions, one package each; they share only code in `shared`."""
