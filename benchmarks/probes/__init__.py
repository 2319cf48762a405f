"""Programs that run in a process of their own, with nothing in it but what is measured."""
