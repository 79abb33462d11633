"""Palabre."""
