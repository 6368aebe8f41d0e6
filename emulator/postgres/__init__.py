"""PostgreSQL servers behind the emulated RDS instances, and the front that clients log in at."""
