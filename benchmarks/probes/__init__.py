"""Programs that run in a separate process, which contains only what is measured."""
