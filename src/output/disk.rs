//! Reads files below the declared roots; follows no link.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::place::{Place, Roots, failed, in_the_way, is_folder};
use super::walk::Tree;
use crate::diagnostic::Diagnostic;

/// The result of a look at a place.
pub(super) enum Found<'b> {
    Absent,
    /// A file with its content.
    File(&'b [u8]),
    /// A symbolic link; never followed.
    Link,
    /// A folder, a socket, a device.
    Other,
}

impl Found<'_> {
    /// The object at the place, for messages.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Found::Absent => "nothing",
            Found::File(_) => "a file",
            Found::Link => "a symbolic link",
            Found::Other => "a folder",
        }
    }
}

/// Reads files; a file costs one open and one read, because folders are examined once and the content of the last file is replaced by the next.
pub(super) struct Disk<'a> {
    pub(super) roots: &'a Roots,
    /// A listing of the output folder.
    tree: Option<&'a Tree>,
    folders: BTreeSet<PathBuf>,
    buffer: Vec<u8>,
}

impl<'a> Disk<'a> {
    pub(super) fn new(roots: &'a Roots) -> Self {
        Disk { roots, tree: None, folders: BTreeSet::new(), buffer: Vec::new() }
    }

    /// A reader that skips the checks of links and folders for files in a listing.
    pub(super) fn with(roots: &'a Roots, tree: &'a Tree) -> Self {
        Disk { tree: Some(tree), ..Disk::new(roots) }
    }

    /// The object at a place. An error if a folder above it is a link or a file: a link could lead out of the roots.
    pub(super) fn look(&mut self, place: &Place) -> Result<Found<'_>, Box<Diagnostic>> {
        let path = self.roots.at(place);
        let failed = |error| failed("read", &path, &error);
        if !self.tree.is_some_and(|tree| tree.has_file(place)) {
            if !self.reaches(place)? {
                return Ok(Found::Absent);
            }
            match fs::symlink_metadata(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Absent),
                Err(error) => return Err(failed(error)),
                Ok(about) if about.is_symlink() => return Ok(Found::Link),
                Ok(about) if !about.is_file() => return Ok(Found::Other),
                Ok(_) => {}
            }
        }
        self.fill(&path).map(Found::File).map_err(failed)
    }

    /// Reads a file into the buffer. (`fs::read` asks for the length of each file and allocates a buffer for it.)
    fn fill(&mut self, path: &Path) -> io::Result<&[u8]> {
        let mut file = File::open(path)?;
        let mut length = 0;
        loop {
            if length == self.buffer.len() {
                self.buffer.resize((length * 2).max(1 << 16), 0);
            }
            match file.read(&mut self.buffer[length..]) {
                Ok(0) => return Ok(&self.buffer[..length]),
                Ok(more) => length += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The content of a file that platgen owns. An error if the path is not a file.
    pub(super) fn read(&mut self, place: &Place) -> Result<Option<&[u8]>, Box<Diagnostic>> {
        let path = self.roots.at(place);
        match self.look(place)? {
            Found::Absent => Ok(None),
            Found::File(bytes) => Ok(Some(bytes)),
            found => Err(in_the_way(&path, found.what(), "a file")),
        }
    }

    /// Whether every folder above the place exists.
    fn reaches(&mut self, place: &Place) -> Result<bool, Box<Diagnostic>> {
        let mut folder = self.roots.base(place.base).to_owned();
        if self.folders.contains(&folder.join(place.folder())) {
            return Ok(true);
        }
        // The root itself may be a link: the user named it.
        if !is_folder(&folder)? {
            return Ok(false);
        }
        for part in place.folder().split('/').filter(|part| !part.is_empty()) {
            folder.push(part);
            if self.folders.contains(&folder) {
                continue;
            }
            match fs::symlink_metadata(&folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(failed("read", &folder, &error)),
                Ok(about) if about.is_symlink() => return Err(in_the_way(&folder, "a symbolic link", "a folder")),
                Ok(about) if !about.is_dir() => return Err(in_the_way(&folder, "a file", "a folder")),
                Ok(_) => self.folders.insert(folder.clone()),
            };
        }
        self.folders.insert(folder);
        Ok(true)
    }
}
