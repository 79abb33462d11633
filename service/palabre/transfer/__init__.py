"""Comments that come from elsewhere or go there. Nothing here speaks HTTP."""
