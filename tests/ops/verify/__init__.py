"""The deployment check, against sound and broken hosts."""
