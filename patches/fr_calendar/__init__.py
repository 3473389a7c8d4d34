"""French time: Europe/Paris, and the public holidays of mainland France, Alsace-Moselle and overseas."""
