//! weir-catalog
