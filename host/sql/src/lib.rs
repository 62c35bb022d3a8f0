//! weir-sql
