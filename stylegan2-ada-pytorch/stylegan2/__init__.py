"""StyleGAN2-ADA, written from the papers: networks, training, and the files they read and write."""
