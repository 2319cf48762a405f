"""token: a short-lived STS credential for a page that uploads straight to SLS."""
