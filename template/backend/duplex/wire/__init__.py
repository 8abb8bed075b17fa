"""What goes over the socket: names, codes, frames and entries."""
