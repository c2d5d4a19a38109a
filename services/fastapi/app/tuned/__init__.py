"""The app made for speed: no session, no instances, answers that are bytes. See docs/modes.md."""
