//! What confines compilers while they work on what users wrote: Rust sources can include files, crates have build scripts and macros that run
//! on this machine.
//!
//! Landlock lets the child (and all that it starts) read and run the toolchain and the system's libraries, read what is needed of
//! the cache, and write its own folder; everything else does not open. A seccomp filter refuses sockets of any family, signals to other
//! processes, and looking into them. Both are applied after fork, before exec, and cannot be taken off.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, Scope,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

/// Folders and files that tools read and run, beside the toolchain's own: compilers, linkers and libraries of the system, no
/// configuration and nobody's home.
const SYSTEM: [&str; 11] = [
    "/bin",
    "/lib",
    "/lib64",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/dev/urandom",
];
/// What may be written beside the work folder.
const SINK: &str = "/dev/null";

/// The oldest Landlock that will do: before it, truncating a file was not its business.
const ABI_MIN: ABI = ABI::V3;
/// What is used where the kernel has it: the network as well, devices, abstract sockets and signals.
const ABI_WANTED: ABI = ABI::V6;

/// System calls that are refused.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_socket,
    libc::SYS_io_uring_setup,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    // None leaves the process group, which is killed as one when its compiler ends.
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_pidfd_getfd,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_pivot_root,
];

/// A confinement, made before the fork: entering it allocates nothing.
pub(crate) struct Sandbox {
    files: RulesetCreated,
    calls: BpfProgram,
}

impl Sandbox {
    /// A confinement in which `readable` may be read and run, and `work` written, too.
    ///
    /// # Errors
    /// Why this kernel cannot have it.
    pub(crate) fn new(readable: &[&Path], work: &Path) -> Result<Sandbox, String> {
        let files = files(readable, work).map_err(|e| format!("Landlock: {e}"))?;
        let calls = calls().map_err(|e| format!("seccomp: {e}"))?;
        Ok(Sandbox { files, calls })
    }

    /// Confine this process, for good. Called in a child between fork and exec.
    pub(crate) fn enter(self) -> std::io::Result<()> {
        // The kernel's own reason is not needed: a child that cannot be confined is not started.
        let refused = |_| std::io::Error::from_raw_os_error(libc::EPERM);
        self.files.restrict_self().map_err(refused)?;
        seccompiler::apply_filter(&self.calls).map_err(|_| std::io::Error::from_raw_os_error(libc::EPERM))
    }
}

fn files(readable: &[&Path], work: &Path) -> Result<RulesetCreated, landlock::RulesetError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI_MIN))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI_WANTED))?
        .handle_access(AccessNet::from_all(ABI_WANTED))?
        .scope(Scope::from_all(ABI_WANTED))?
        .create()?;
    let system = SYSTEM.iter().map(|path| (PathBuf::from(path), AccessFs::from_read(ABI_MIN)));
    let readable = readable.iter().map(|path| ((*path).to_owned(), AccessFs::from_read(ABI_MIN)));
    let writable = [work, Path::new(SINK)].map(|path| (path.to_owned(), AccessFs::from_all(ABI_WANTED)));
    for (path, access) in system.chain(readable).chain(writable) {
        // What is not there cannot be opened either.
        let Ok(fd) = PathFd::new(&path) else { continue };
        let access = if path.is_dir() { access } else { access & AccessFs::from_file(ABI_WANTED) };
        rules = rules.add_rule(PathBeneath::new(fd, access))?;
    }
    Ok(rules)
}

fn calls() -> Result<BpfProgram, String> {
    let refused = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let arch = std::env::consts::ARCH.try_into().map_err(|_| "not on this machine".to_owned())?;
    let filter = SeccompFilter::new(refused, SeccompAction::Allow, SeccompAction::Errno(libc::EPERM as u32), arch);
    filter.and_then(BpfProgram::try_from).map_err(|e| e.to_string())
}

/// Copies a file that something confined has made, unless it is a link to one that was not its to read.
pub(crate) fn take_out(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut made = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(from)?;
    if !made.metadata()?.is_file() {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "it is no file"));
    }
    std::io::copy(&mut made, &mut File::create_new(to)?)?;
    Ok(())
}

/// Whether compilers can be confined here; if not, why.
///
/// # Errors
/// What the kernel lacks.
pub fn sandbox_available() -> Result<(), String> {
    Sandbox::new(&[], Path::new(SINK)).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{CancelToken, Limits, run_confined};
    use std::process::Command;
    use std::time::Duration;

    const LIMITS: Limits = Limits {
        memory_bytes_max: None,
        cpu_seconds_max: 10,
        wall_max: Duration::from_secs(10),
        file_bytes_max: 1 << 20,
        output_bytes_max: 10_000,
    };

    /// Runs a script that is confined to a folder of its own; whether it ended well, and what it said.
    fn confined(script: &str) -> (bool, String) {
        let work = tempfile::tempdir().unwrap();
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(script).current_dir(work.path()).env("OUTSIDE", "/tmp");
        let sandbox = Sandbox::new(&[], work.path()).unwrap();
        let out = run_confined(command, &LIMITS, Some(sandbox), &CancelToken::new()).unwrap();
        (out.status.success(), out.stdout + &out.stderr)
    }

    #[test]
    fn its_own_folder_is_all_that_it_writes_and_reads() {
        if let Err(why) = sandbox_available() {
            eprintln!("not tested: {why}");
            return;
        }
        assert!(confined("echo a > b && cat b && mkdir c && rm -r b c").0);
        for script in ["cat /etc/passwd", "ls /root", "echo x > /tmp/outside", "cat /proc/self/environ", "ls /proc/1"] {
            let (good, said) = confined(script);
            assert!(!good && said.contains("ermission denied"), "{script}: {said}");
        }
    }

    #[test]
    fn links_are_not_followed_out() {
        let work = tempfile::tempdir().unwrap();
        let (file, link, to) = (work.path().join("file"), work.path().join("link"), work.path().join("to"));
        std::fs::write(&file, "made").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(take_out(&link, &to).is_err() && take_out(work.path(), &to).is_err());
        take_out(&file, &to).unwrap();
        assert_eq!(std::fs::read(&to).unwrap(), b"made");
    }

    #[test]
    fn it_has_no_network_and_no_signals() {
        if sandbox_available().is_err() {
            return;
        }
        let python = "python3 -c 'import socket; socket.socket()'";
        let (good, said) = confined(&format!("command -v python3 >/dev/null || exit 1; {python}"));
        assert!(!good, "{said}");
        let (good, said) = confined("setsid sleep 60");
        assert!(!good && said.contains("ermitted"), "{said}");
        let (good, said) = confined("kill -0 $PPID");
        assert!(!good && said.contains("ermitted"), "{said}");
    }
}
