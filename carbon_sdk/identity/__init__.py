"""Keys, X.509 certificates and what certification authorities attest of them."""
