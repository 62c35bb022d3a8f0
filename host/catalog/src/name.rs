//! Names of pipelines and keys.

use crate::CatalogError;

/// Bytes that a name may have.
pub const NAME_BYTES_MAX: usize = 100;

/// Checks a name: 1 to 100 bytes of `[a-zA-Z0-9_-]`.
///
/// # Errors
/// `EmptyName`, `TooLongName` or `NameDoesNotMatchPattern`, in this order.
pub fn check_name(name: &str) -> Result<(), CatalogError> {
    if name.is_empty() {
        return Err(CatalogError::EmptyName);
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(CatalogError::TooLongName { name: name.into(), length: name.len(), max_length: NAME_BYTES_MAX });
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Err(CatalogError::NameDoesNotMatchPattern { name: name.into() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(check_name("a-Z_0").is_ok());
        assert_eq!(check_name("").unwrap_err().error_code(), "EmptyName");
        assert_eq!(check_name(&"ä".repeat(51)).unwrap_err().error_code(), "TooLongName");
        assert_eq!(check_name("a b").unwrap_err().error_code(), "NameDoesNotMatchPattern");
        assert_eq!(check_name("../x").unwrap_err().error_code(), "NameDoesNotMatchPattern");
    }
}
