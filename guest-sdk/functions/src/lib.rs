//! weir-functions
