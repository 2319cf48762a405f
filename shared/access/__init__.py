"""Who may write and how much: page tickets and rate limits. Nothing here is imported unless it is set."""
