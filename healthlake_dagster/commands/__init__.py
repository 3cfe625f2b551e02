"""What each `healthlake` command does, a module a command."""
