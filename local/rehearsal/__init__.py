"""The dress rehearsal: docs/deploy.md carried out, command by command, against the laptop's cloud."""
