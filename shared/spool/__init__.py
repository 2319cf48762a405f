"""The spool: what one object in OSS holds, and the settings that name the bucket."""
