"""Strings in, values out: fields, addresses, words, markup, policies. Knows no store, no HTTP."""
