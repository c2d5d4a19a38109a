"""What each study tells: sweep, search, cross-check, before and after, explain, a look inside."""
