"""The demo partnership: invented households at real postcodes, drawn from a fixed seed."""
