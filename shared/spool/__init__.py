"""The spool: the format of an object in OSS, and the settings of the bucket."""
