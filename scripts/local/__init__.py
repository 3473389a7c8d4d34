"""Run everything on one machine: private PostgreSQL, Redis and RabbitMQ, and a supervisor for our own processes."""
