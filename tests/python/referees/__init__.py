"""What Weir's functions give, beside what SQLite, DuckDB and DataFusion give: databases that nobody here wrote.

`functions` says how each function is called where, `values` what it is called on, `engines` runs it, `exceptions` lists, as data, where Weir
differs on purpose, and why. `../test_referees.py` compares.
"""
