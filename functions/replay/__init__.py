"""replay: writes what track has spooled to SLS, once SLS takes it again."""
