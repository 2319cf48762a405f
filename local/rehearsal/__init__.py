"""The rehearsal of docs/deploy.md: runs its commands one by one against the local cloud."""
