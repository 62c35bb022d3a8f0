//! What of the world connectors may reach. Programs are strangers'; what they name in a connector is theirs only if the operator says so.

use crate::secrets::SECRET_BYTES_MAX;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, OpenOptions};
use std::collections::BTreeSet;
use std::io::{ErrorKind, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

/// What connectors may reach: folders, networks, and secrets.
#[derive(Debug, Default)]
pub struct Grants {
    folders: Vec<(PathBuf, Dir)>,
    /// Names of variables of the server's environment.
    variables: BTreeSet<String>,
    /// The folder of secrets, each a folder of keys.
    secrets: Option<Dir>,
    /// Whether addresses of this machine and of private networks may be connected to.
    pub private_networks: bool,
}

/// What is said of everything that is not granted.
pub(crate) const NOT_GRANTED: &str = "connectors may not reach";

/// What is not granted, or not there.
#[derive(Debug, thiserror::Error)]
pub enum GrantsError {
    /// A path outside of all granted folders.
    #[error("{NOT_GRANTED} '{path}': {}", granted(.folders))]
    Outside {
        /// The path.
        path: String,
        /// Folders that are granted.
        folders: Vec<PathBuf>,
    },
    /// The file cannot be opened.
    #[error("'{path}': {error}")]
    Io {
        /// The path.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// An address of this machine or of a private network.
    #[error(
        "{NOT_GRANTED} '{host}', which is an address of this machine or of a private network; the server's operator allows that with --connect-private"
    )]
    Private {
        /// The host.
        host: String,
    },
}

fn granted(folders: &[PathBuf]) -> String {
    if folders.is_empty() {
        return "the server's operator grants folders with --connect-dir DIR".into();
    }
    let folders: Vec<String> = folders.iter().map(|f| f.display().to_string()).collect();
    format!("the server's operator granted {}", folders.join(", "))
}

impl Grants {
    /// The folders, which are opened once: what is in them is reached through these handles only.
    ///
    /// # Errors
    /// A folder that cannot be opened.
    pub fn new(folders: &[PathBuf], private_networks: bool) -> std::io::Result<Grants> {
        let open = |path: &PathBuf| {
            let path = std::path::absolute(path)?;
            let dir = Dir::open_ambient_dir(&path, ambient_authority())?;
            Ok::<_, std::io::Error>((path, dir))
        };
        Ok(Grants {
            folders: folders.iter().map(open).collect::<Result<_, _>>()?,
            private_networks,
            ..Grants::default()
        })
    }

    /// Grants variables of the server's environment, by their names.
    #[must_use]
    pub fn with_variables(self, names: impl IntoIterator<Item = String>) -> Grants {
        Grants { variables: names.into_iter().collect(), ..self }
    }

    /// Grants the secrets of a folder, which is opened once.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn with_secrets(self, folder: &Path) -> std::io::Result<Grants> {
        Ok(Grants { secrets: Some(Dir::open_ambient_dir(folder, ambient_authority())?), ..self })
    }

    /// The value of a variable. `Err`: why it is not told; of those that are not granted the same, whether they are there or not.
    pub(crate) fn variable(&self, name: &str) -> Result<String, String> {
        if !self.variables.contains(name) {
            return Err(format!("the server's operator grants this variable with --connect-env {name}, and did not"));
        }
        match std::env::var(name) {
            Ok(value) if value.len() <= SECRET_BYTES_MAX => Ok(value),
            Ok(_) => Err(format!("its value is longer than {SECRET_BYTES_MAX} bytes")),
            Err(std::env::VarError::NotPresent) => Err("the server's environment has no such variable".into()),
            Err(std::env::VarError::NotUnicode(_)) => Err("its value is no text in UTF-8".into()),
        }
    }

    /// The value of a secret's key, without the end of its last line. `Err`: why it is not told.
    pub(crate) fn secret(&self, name: &str, key: &str) -> Result<String, String> {
        let Some(dir) = &self.secrets else {
            return Err("the server's operator grants secrets with --connect-secrets DIR, and did not".into());
        };
        let path = format!("{name}/{key}");
        let wrong = |e: std::io::Error| match e.kind() {
            ErrorKind::NotFound => format!("there is no file '{path}' in the folder of secrets (--connect-secrets)"),
            _ => format!("'{path}' in the folder of secrets (--connect-secrets) cannot be read: {e}"),
        };
        // The handle lets nothing out of its folder. What is no file might keep who opens it waiting.
        if !dir.metadata(&path).map_err(wrong)?.is_file() {
            return Err(format!("'{path}' in the folder of secrets is no file"));
        }
        let mut bytes = Vec::new();
        let limit = SECRET_BYTES_MAX as u64 + 1;
        dir.open(&path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(wrong)?;
        if bytes.len() > SECRET_BYTES_MAX {
            return Err(format!("its value is longer than {SECRET_BYTES_MAX} bytes"));
        }
        let text = String::from_utf8(bytes).map_err(|_| "its value is no text in UTF-8".to_owned())?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
    }

    /// Opens a file: an absolute path within a granted folder, or one from the first of them on.
    ///
    /// # Errors
    /// It is not granted, or cannot be opened.
    pub fn open(&self, path: &str, options: &OpenOptions) -> Result<File, GrantsError> {
        let (dir, within) = self.find(Path::new(path)).ok_or_else(|| GrantsError::Outside {
            path: path.into(),
            folders: self.folders.iter().map(|(path, _)| path.clone()).collect(),
        })?;
        // The handle lets nothing out of its folder, neither by `..` nor by links.
        dir.open_with(within, options).map_err(|error| GrantsError::Io { path: path.into(), error })
    }

    fn find<'a>(&'a self, path: &'a Path) -> Option<(&'a Dir, &'a Path)> {
        if path.is_relative() {
            return self.folders.first().map(|(_, dir)| (dir, path));
        }
        self.folders.iter().find_map(|(folder, dir)| path.strip_prefix(folder).ok().map(|within| (dir, within)))
    }

    /// Whether an address may be connected to.
    pub fn allows(&self, address: IpAddr) -> bool {
        self.private_networks || is_public(address)
    }
}

/// Whether an address is one of the open internet. What is said of an IPv4 address holds for the IPv6 forms of it.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match embedded(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_broadcast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        // Carriers' networks, protocol assignments, benchmarks.
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let first = v6.segments()[0];
    // Global unicast is 2000::/3; of it, documentation and benchmarks are not.
    (0x2000..0x4000).contains(&first) && !(first == 0x2001 && matches!(v6.segments()[1], 0x0db8 | 0x0002))
}

/// The IPv4 address in an IPv6 one: mapped, translated (64:ff9b::/96), 6to4.
fn embedded(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = v6.segments();
    let at = |i: usize| Ipv4Addr::from(u32::from(s[i]) << 16 | u32::from(s[i + 1]));
    match s {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(at(6)),
        [0x2002, ..] => Some(at(1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn only_granted_folders_are_reached() {
        let temporary = tempfile::tempdir().unwrap();
        let granted = temporary.path().join("granted");
        std::fs::create_dir(&granted).unwrap();
        std::fs::write(granted.join("a.csv"), "1").unwrap();
        std::fs::write(temporary.path().join("secret"), "2").unwrap();
        std::os::unix::fs::symlink(temporary.path().join("secret"), granted.join("link")).unwrap();
        let grants = Grants::new(std::slice::from_ref(&granted), false).unwrap();
        let mut read = OpenOptions::new();
        read.read(true);
        let open = |path: &str| grants.open(path, &read);
        let mut text = String::new();
        open("a.csv").unwrap().read_to_string(&mut text).unwrap();
        open(granted.join("a.csv").to_str().unwrap()).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "11");
        for path in ["link", "../secret", &format!("{}/../secret", granted.display())] {
            assert!(matches!(open(path), Err(GrantsError::Io { .. })), "{path}");
        }
        let outside = open(temporary.path().join("secret").to_str().unwrap()).unwrap_err();
        assert!(outside.to_string().contains("granted"), "{outside}");
        let none = Grants::default().open("a.csv", &read).unwrap_err();
        assert!(none.to_string().contains("--connect-dir"), "{none}");
    }

    #[test]
    fn private_addresses_in_every_form() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
        {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
