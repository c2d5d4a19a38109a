"""systemd as the supervisor: real units, cost from their cgroups, logs in the journal."""
