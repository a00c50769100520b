"""Our own table of cases for RFC 9113 and RFC 7541, run against a live data plane."""
