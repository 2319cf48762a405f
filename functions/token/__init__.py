"""token: a short-lived STS credential for a page that uploads directly to SLS."""
