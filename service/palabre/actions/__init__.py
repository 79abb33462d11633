"""What people can do, one verb a file. Every door calls the same functions."""
