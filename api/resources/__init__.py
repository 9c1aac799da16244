"""One blueprint a file: shapes in, use case, shapes out."""
