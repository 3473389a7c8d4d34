"""Recipients that get nothing more: their address does not exist, or they asked to be left alone."""
