"""Page tickets and rate limits: who may write, and how much. Imported only if configured."""
