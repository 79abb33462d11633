"""What happens beside the answers."""
