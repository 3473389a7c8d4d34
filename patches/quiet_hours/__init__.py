"""Quiet hours: a service's text messages wait for the morning, by the clock of the person they go to."""
