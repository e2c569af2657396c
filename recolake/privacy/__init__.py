"""What people may ask of those who hold their data: to see it, to have it left out of training, to be
erased."""
