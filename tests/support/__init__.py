"""What tests share: databases, a world to arrange in, canaries."""
