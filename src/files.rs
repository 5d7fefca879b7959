//! Files of the data directory: for their owner alone, and that is whom the server runs as, whoever makes them.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

/// Opens a file for reading and writing. One that is not there is made, and belongs to whom its directory belongs to.
pub fn open_or_make(path: &Path) -> io::Result<File> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match make_like(path, dir) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
        }
        made => made,
    }
}

/// Makes a file that is not there yet, and that belongs to whom another file or directory belongs to.
pub fn make_like(path: &Path, other: &Path) -> io::Result<File> {
    let other = fs::metadata(other)?;
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    hand_over(&file, &other)?;
    Ok(file)
}

/// A command that an administrator types as root must leave nothing that the server, as a user of its own, cannot read.
/// Whoever else runs a command is the owner already.
fn hand_over(made: &File, other: &Metadata) -> io::Result<()> {
    if made.metadata()?.uid() == 0 {
        // In a container even root may lack the right. The server is root there too.
        let _ = fchown(made, Some(other.uid()), Some(other.gid()));
    }
    Ok(())
}
