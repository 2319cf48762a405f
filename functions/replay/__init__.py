"""replay: writes spooled batches to SLS when SLS accepts writes again."""
