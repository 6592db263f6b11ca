"""Real SIP on loopback: sipp calls Kamailio, which asks Callworth where each call goes."""
