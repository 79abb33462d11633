"""The only HTTP: routes, requests into actions, results into answers."""
