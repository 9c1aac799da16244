"""The one schema head that this code works on; `tests/migrations` compares it with the migrations."""

SCHEMA_HEAD = "0011"
