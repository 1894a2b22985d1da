//! Volumes of a pod: each has a unique name, and a container mounts one volume at a path.

use super::EnvironmentResolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{ConfigFile, HostPath, Medium, Mount, Volume};
use crate::source::Span;
use crate::value::{AbsolutePath, Name, Quantity, digest};

/// The longest name of a volume: a DNS label.
const LONGEST: usize = 63;

/// The parts of a pod that its containers share.
#[derive(Debug, Default)]
pub(super) struct Pod {
    pub(super) volumes: Vec<Volume>,
    /// The mounts of the entry's own container, which init containers and sidecars may share. `None` until that container is resolved.
    pub(super) shared: Option<Vec<Mount>>,
    /// Whether the entry's own container has a reported fault: directories that it lacks are then not reported.
    pub(super) incomplete: bool,
    pub(super) fs_group: Option<u32>,
    pub(super) host_network: bool,
    pub(super) host_pid: bool,
    pub(super) reason: Option<String>,
    pub(super) no_probes: Option<String>,
}

/// The mounts of one container, with their spans.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    /// Prefix of the volume names, so that containers share a volume only on request.
    prefix: String,
    pub(super) mounts: Vec<Mount>,
    places: Vec<(String, Span)>,
}

impl Volumes {
    /// The mounts of an init container or a sidecar; `None` is the main container, whose volumes have no prefix.
    pub(super) fn of(container: Option<&str>) -> Volumes {
        Volumes { prefix: container.map(|name| format!("{name}-")).unwrap_or_default(), ..Volumes::default() }
    }
}

impl EnvironmentResolver<'_> {
    /// Mounts an empty directory.
    pub(super) fn mount_tmp(
        &mut self,
        volumes: &mut Volumes,
        path: &AbsolutePath,
        medium: Medium,
        size: Quantity,
        at: Span,
        pod: &mut Pod,
    ) {
        let name = unique(&format!("{}{}", volumes.prefix, words(path)), path.as_str(), pod);
        pod.volumes.push(Volume::Tmp { name: name.clone(), medium, size });
        self.mount(volumes, path.as_str(), name, false, at);
    }

    /// Warns of a directory of an init container or sidecar at a path that the main container has, too: without `of`, the two directories are separate.
    pub(super) fn separate(&mut self, path: &AbsolutePath, at: Span, pod: &Pod) {
        let shared = pod.shared.iter().flatten().any(|mount| mount.path == path.as_str());
        if shared && path.as_str() != "/tmp" {
            let message = format!("`{path}` is a directory of this container alone, not the main container's `{path}`");
            let help = format!("write `{{{path}: {{of: {path}}}}}` to share the main container's, or set `size` to have another");
            self.tell(Diagnostic::new(Code::SeparateDirectory, message).at(at).help(help));
        }
    }

    /// Mounts a persistent volume.
    pub(super) fn mount_claim(
        &mut self,
        volumes: &mut Volumes,
        path: &AbsolutePath,
        size: Quantity,
        class: Option<String>,
        at: Span,
        pod: &mut Pod,
    ) {
        self.has_unit(path.as_str(), &size, at);
        let name = unique(&claim_name(path), path.as_str(), pod);
        pod.volumes.push(Volume::Claim { name: name.clone(), size, class });
        self.mount(volumes, path.as_str(), name, false, at);
    }

    /// Mounts a shared volume by the name of its claim, read-only or not.
    pub(super) fn mount_shared_claim(
        &mut self,
        volumes: &mut Volumes,
        path: &AbsolutePath,
        (claim, read_only): (Name, bool),
        at: Span,
        pod: &mut Pod,
    ) {
        let name = unique(&words(path), path.as_str(), pod);
        pod.volumes.push(Volume::Shared { name: name.clone(), claim: claim.to_string(), read_only });
        self.mount(volumes, path.as_str(), name, read_only, at);
    }

    /// Mounts a directory of the node.
    pub(super) fn mount_host(&mut self, volumes: &mut Volumes, path: &AbsolutePath, node: &AbsolutePath, at: Span, pod: &mut Pod) {
        let name = unique(&format!("{}host-{}", volumes.prefix, words(path)), path.as_str(), pod);
        pod.volumes.push(Volume::Host(HostPath { name: name.clone(), path: node.to_string() }));
        self.mount(volumes, path.as_str(), name, true, at);
    }

    /// Mounts a directory of the main container. `places` are the spans of the path and of the directory's name.
    pub(super) fn mount_shared(
        &mut self,
        volumes: &mut Volumes,
        path: &AbsolutePath,
        folder: &AbsolutePath,
        places: (Span, Span),
        pod: &Pod,
    ) {
        let (at, of) = places;
        let Some(shared) = &pod.shared else {
            let diagnostic = Diagnostic::new(Code::Contradiction, "`of` applies only to containers of `init` and `sidecars`").at(of);
            self.tell(diagnostic.help("remove `of`"));
            return;
        };
        match shared.iter().find(|mount| mount.path == folder.as_str()) {
            Some(mount) => {
                let (volume, read_only) = (mount.volume.clone(), mount.read_only);
                self.mount(volumes, path.as_str(), volume, read_only, at);
            }
            None if pod.incomplete => {}
            None => {
                let known: Vec<&str> = shared.iter().map(|mount| mount.path.as_str()).collect();
                self.unknown("folder of the main container called", folder.as_str(), known, of);
            }
        }
    }

    /// Reserves the path of a file. The renderer creates the volume with the ConfigMap or Secret.
    pub(super) fn mount_file(&mut self, volumes: &mut Volumes, path: &AbsolutePath, at: Span) {
        self.take(volumes, path.as_str(), at);
    }

    fn mount(&mut self, volumes: &mut Volumes, path: &str, volume: String, read_only: bool, at: Span) {
        self.take(volumes, path, at);
        volumes.mounts.push(Mount { volume, path: path.to_owned(), read_only });
    }

    /// Reserves a path. Reports a path that another mount has, which the API server rejects, and a path at which the container would not start: one that
    /// belongs to the kernel or the image's root, or one below a file.
    fn take(&mut self, volumes: &mut Volumes, path: &str, at: Span) {
        let below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if path == "/" || path == "/dev" || below("/proc") || below("/sys") {
            let diagnostic = Diagnostic::new(Code::InvalidValue, format!("cannot mount at `{path}`: the system is there")).at(at);
            self.tell(diagnostic.help("choose a folder of the program, such as `/var/lib/NAME` or `/etc/NAME`"));
        }
        match volumes.places.iter().find(|(known, _)| known == path) {
            Some((_, first)) => {
                let message = format!("two mounts at `{path}` in one container");
                self.contradiction(message, at, Some(*first));
            }
            None => volumes.places.push((path.to_owned(), at)),
        }
    }

    /// A file has no folders in it.
    pub(super) fn check_files(&mut self, volumes: &Volumes, files: &[ConfigFile]) {
        for file in files {
            let inside = |(path, _): &&(String, Span)| path.strip_prefix(&file.path).is_some_and(|rest| rest.starts_with('/'));
            let Some((path, at)) = volumes.places.iter().find(inside) else { continue };
            let first = volumes.places.iter().find(|(known, _)| *known == file.path).map(|(_, at)| *at);
            let message = format!("cannot mount at `{path}`: `{}` is a file", file.path);
            self.contradiction(message, *at, first);
        }
    }
}

/// The path as a part of a name: `/var/cache` becomes `var-cache`.
fn words(path: &AbsolutePath) -> String {
    let words: String = path.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let words = words.trim_matches('-');
    if words.is_empty() { "root".to_owned() } else { words.to_owned() }
}

/// The name of a claim. The name identifies the data, so it depends only on the path and is unique to it.
fn claim_name(path: &AbsolutePath) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '/';
    if path.as_str().chars().all(plain) { words(path) } else { with_digest(&words(path), &[path.as_str()]) }
}

/// The wanted name, with a digest if the name is too long, taken or reserved.
pub(super) fn unique(wanted: &str, path: &str, pod: &Pod) -> String {
    let taken = |name: &str| name.starts_with("platgen-") || pod.volumes.iter().any(|volume| volume.name() == name);
    if wanted.len() <= LONGEST && !taken(wanted) { wanted.to_owned() } else { with_digest(&format!("volume-{wanted}"), &[wanted, path]) }
}

fn with_digest(words: &str, parts: &[&str]) -> String {
    let start: String = words.chars().take(LONGEST - 9).collect();
    format!("{}-{}", start.trim_end_matches('-'), digest(parts, 8))
}
