"""An authoritative DNS server for IP-encoded names and for records that it is given."""
