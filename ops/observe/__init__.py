"""`python -m ops observe`: dashboards and alarms for what arrives and how the functions do."""
