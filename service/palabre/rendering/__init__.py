"""What people and programs are shown: values in, bytes out. No request, no store, no clock."""
