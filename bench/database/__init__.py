"""Each framework's PostgreSQL: where its binaries come from, how it is made, the lab's SQL."""
