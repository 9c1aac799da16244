"""Every entrypoint and adapter: HTTP, auth, settings, unit of work, audit, outbox, scheduler, command line."""
