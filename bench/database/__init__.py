"""Each target's PostgreSQL: where the binaries come from, how a cluster is made, the lab's SQL."""
