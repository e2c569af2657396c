"""What people may ask, over HTTP: the same requests as on the command line, carried out in the background."""
