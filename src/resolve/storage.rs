//! Storage classes, the volumes of apps, and the section `volumes`.

use super::EnvironmentResolver;
use super::consumer::Consumer;
use super::volumes::{Pod, Volumes};
use crate::diagnostic::{Code, Diagnostic, wording};
use crate::model::{Platform, Region, SharedVolume, StorageClass};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec::{self, App};
use crate::syntax::Field;
use crate::value::{EntryName, Name, VolumeRef};
use std::collections::{BTreeMap, BTreeSet};

/// Data outlive the deletion of their claim, which may be a mistake.
const RECLAIM_POLICY: &str = "Retain";

/// The disks of a provider.
struct Disks {
    provisioner: &'static str,
    /// The types; the first is the default.
    types: &'static [Disk],
    /// The parameters that hold the type, the operations and the throughput.
    keys: [&'static str; 3],
    /// The unit behind the figure of the throughput.
    unit: &'static str,
    /// Parameters that every class has.
    always: &'static [(&'static str, &'static str)],
}

/// A type of disks: its name, the operations per second that a class can ask for, and whether it can ask for a throughput.
type Disk = (&'static str, Iops, bool);

/// The operations per second that a class can ask for.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Iops {
    /// None: they follow from the type and the size.
    Fixed,
    /// Any number.
    Free,
    /// At most so many, or so many for each GiB of the disk.
    Most(u64, u64),
    /// A class has to ask, for at most so many for each GiB of the disk.
    Required(u64),
}

impl Disks {
    /// The type of a class. `None` if the provider has no such type.
    fn of(&self, class: &spec::StorageClass) -> Option<&Disk> {
        match class.disk.get() {
            Some(wanted) => self.types.iter().find(|(name, ..)| name == wanted),
            None => self.types.first(),
        }
    }
}

/// The disks of a provider; none where they are not known.
fn disks(provider: Provider) -> Option<Disks> {
    use Iops::{Fixed, Free, Most, Required};
    Some(match provider {
        Provider::Aws => Disks {
            provisioner: "ebs.csi.aws.com",
            types: &[
                ("gp3", Most(3000, 500), true),
                ("gp2", Fixed, false),
                ("io1", Required(50), false),
                ("io2", Required(1000), false),
                ("sc1", Fixed, false),
                ("st1", Fixed, false),
            ],
            keys: ["type", "iops", "throughput"],
            unit: "",
            always: &[("encrypted", "true")],
        },
        Provider::Google => Disks {
            provisioner: "pd.csi.storage.gke.io",
            types: &[
                ("pd-balanced", Fixed, false),
                ("hyperdisk-balanced", Most(0, 500), true),
                ("hyperdisk-extreme", Free, false),
                ("hyperdisk-throughput", Fixed, true),
                ("pd-extreme", Free, false),
                ("pd-ssd", Fixed, false),
                ("pd-standard", Fixed, false),
            ],
            keys: ["type", "provisioned-iops-on-create", "provisioned-throughput-on-create"],
            unit: "Mi",
            always: &[],
        },
        Provider::Azure => Disks {
            provisioner: "disk.csi.azure.com",
            types: &[
                ("Premium_LRS", Fixed, false),
                ("PremiumV2_LRS", Most(3000, 500), true),
                ("Premium_ZRS", Fixed, false),
                ("StandardSSD_LRS", Fixed, false),
                ("StandardSSD_ZRS", Fixed, false),
                ("Standard_LRS", Fixed, false),
                ("UltraSSD_LRS", Free, true),
            ],
            keys: ["skuName", "DiskIOPSReadWrite", "DiskMBpsReadWrite"],
            unit: "",
            always: &[],
        },
        Provider::Kind | Provider::Existing => return None,
    })
}

/// The driver of a kind cluster, whose disks are folders of a node.
pub(super) const FOLDERS: &str = "rancher.io/local-path";

/// The usual storage class of a provider's file service.
fn file_class(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::Aws => Some("efs-sc"),
        Provider::Google => Some("standard-rwx"),
        Provider::Azure => Some("azurefile-csi"),
        Provider::Kind | Provider::Existing => None,
    }
}

/// Whether an app has volumes of its own, so that it is a StatefulSet.
pub(super) fn own_volume(app: &App) -> Option<Span> {
    app.volumes.entries().find(|(_, _, volume)| volume.of.is_missing()).map(|(_, at, _)| at)
}

impl EnvironmentResolver<'_> {
    /// The storage classes to render in a region. `key` is the key that encrypts their volumes, where the provider's own is not used.
    pub(super) fn storage_classes(&mut self, provider: Provider, key: Option<&str>) -> Vec<StorageClass> {
        let spec = self.spec;
        let mut classes = Vec::new();
        for (name, at, class) in spec.cluster.at(|cluster| &cluster.storage).entries() {
            if !class.name.is_missing() {
                self.exclude(&[
                    (class.disk.span(), class.name.span(), "`type` can't be combined with `name`, an existing class"),
                    (class.iops.span(), class.name.span(), "`iops` can't be combined with `name`, an existing class"),
                    (class.throughput.span(), class.name.span(), "`throughput` can't be combined with `name`, an existing class"),
                ]);
                continue;
            }
            let mut parameters = BTreeMap::new();
            let provisioner = match (disks(provider), provider) {
                (Some(disks), _) => {
                    parameters = self.parameters(&disks, class);
                    parameters.extend(key.map(|key| ("kmsKeyId".to_owned(), key.to_owned())));
                    disks.provisioner
                }
                // The desktop has one kind of disk, a folder of the node.
                (None, Provider::Kind) => FOLDERS,
                (None, _) => {
                    let diagnostic =
                        Diagnostic::new(Code::MissingField, "`name` is missing: the disks of an existing cluster are not known");
                    self.tell(diagnostic.at(at).help("name a storage class that the cluster has"));
                    continue;
                }
            };
            if let Some(name) = self.class_name(name.as_str()) {
                classes.push(StorageClass {
                    name,
                    provisioner,
                    parameters,
                    expandable: provider != Provider::Kind,
                    reclaim_policy: RECLAIM_POLICY,
                });
            }
        }
        classes
    }

    fn parameters(&mut self, disks: &Disks, class: &spec::StorageClass) -> BTreeMap<String, String> {
        let mut parameters: BTreeMap<String, String> =
            disks.always.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let Some((name, iops, throughput)) = disks.of(class) else {
            if let Some((wanted, at)) = class.disk.spanned() {
                let names: Vec<&str> = disks.types.iter().map(|(name, ..)| *name).collect();
                let diagnostic = Diagnostic::new(Code::UnknownValue, format!("`{wanted}` is not a type of disk of this provider")).at(at);
                self.tell(
                    diagnostic.suggest(wording::suggest(wanted, names.iter().copied()), format!("choose {}", wording::either(&names))),
                );
            }
            return parameters;
        };
        let [type_key, iops_key, throughput_key] = disks.keys;
        parameters.insert(type_key.to_owned(), (*name).to_owned());
        for (key, word, field, has, unit) in [
            (iops_key, "iops", &class.iops, *iops != Iops::Fixed, ""),
            (throughput_key, "throughput", &class.throughput, *throughput, disks.unit),
        ] {
            match field.spanned() {
                Some((_, at)) if !has => self.contradiction(format!("disks of the type `{name}` have no `{word}`"), at, class.disk.span()),
                Some((number, _)) => _ = parameters.insert(key.to_owned(), format!("{number}{unit}")),
                None => {}
            }
        }
        if let (Iops::Required(_), Some(at)) = (iops, class.disk.span()) {
            self.require(&class.iops, "iops", at);
        }
        parameters
    }

    /// The classes that the clusters of a provider have already and the spec uses.
    pub(super) fn existing_classes(&self, provider: Provider) -> BTreeSet<String> {
        let named = self.spec.cluster.at(|cluster| &cluster.storage).entries();
        let named = named.filter_map(|(_, _, class)| class.name.get().map(ToString::to_string));
        named.chain(file_class(provider).map(str::to_owned)).collect()
    }

    /// The name of a class that platgen renders.
    fn class_name(&self, name: &str) -> Option<String> {
        self.spec.platform.at(|platform| &platform.name).get().map(|platform| format!("{platform}-{name}"))
    }

    /// The name in the cluster of a class of the spec. Reports an unknown one.
    fn class(&mut self, class: &Field<Name>) -> Option<String> {
        let (name, at) = class.spanned()?;
        let declared = self.spec.cluster.at(|cluster| &cluster.storage);
        match declared.value(name.as_str()).map(|class| class.name.get()) {
            Some(Some(existing)) => Some(existing.to_string()),
            Some(None) => self.class_name(name.as_str()),
            None => {
                self.unknown("storage class", name.as_str(), declared.keys().map(Name::as_str), at);
                None
            }
        }
    }

    /// The shared volumes of a region.
    pub(super) fn shared_volumes(&mut self, platform: &Platform, region: &Region) -> Vec<SharedVolume> {
        let spec = self.spec;
        let mut volumes: Vec<SharedVolume> = Vec::new();
        let mut taken: BTreeMap<(Name, &Name), Span> = BTreeMap::new();
        for (key, at, volume) in spec.volumes.entries() {
            let exists = self.is_here(&volume.only);
            let namespace = self.namespace_of(key, &volume.namespace, at, "volume", exists);
            if let Some(namespace) = &namespace
                && let Some(first) = taken.insert((namespace.clone(), key.name()), at)
            {
                let diagnostic = Diagnostic::new(Code::DefinedTwice, format!("`volume/{}` is defined twice in its namespace", key.name()));
                self.tell(diagnostic.at(at).related(first, "first defined here").help("give one of them another name"));
            }
            if !exists {
                continue;
            }
            let size = self.require(&volume.size, "size", at).cloned();
            if let Some((size, at)) = volume.size.spanned() {
                self.has_unit("size", size, at);
            }
            self.check_backup_of_volume(key, volume, at);
            let class = match volume.class.spanned() {
                Some((name, at)) => {
                    let declared = spec.cluster.at(|cluster| &cluster.storage).value(name.as_str());
                    if declared.is_some_and(|class| class.name.is_missing()) {
                        let message = format!("`{name}` is a class of disks, which one node mounts at a time");
                        let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
                        self.tell(diagnostic.help("name a class of a file service: `cluster.storage.NAME: {name: CLASS}`"));
                    }
                    self.class(&volume.class)
                }
                None => file_class(region.provider).map(str::to_owned),
            };
            if class.is_none() && volume.class.is_missing() {
                let message = format!("`class` is missing: clusters of `{}` have no file service", region.provider.name());
                let diagnostic = Diagnostic::new(Code::MissingField, message).at(at);
                self.tell(
                    diagnostic.help("add `class: NAME` and `cluster.storage.NAME: {name: CLASS}` with a class of the cluster, or `only`"),
                );
            }
            let here = region.primary || volume.independent.is_true();
            if let (Some(namespace), Some(size), Some(class), true) = (namespace, size, class, here) {
                let known = platform.namespaces.contains_key(namespace.as_str());
                let no_backup = volume.backup.at(|backup| &backup.none).get().cloned();
                volumes.extend(known.then(|| SharedVolume {
                    span: at,
                    name: key.name().clone(),
                    namespace,
                    size,
                    class,
                    access: "ReadWriteMany",
                    no_backup,
                }));
            }
        }
        volumes
    }

    fn check_backup_of_volume(&mut self, key: &EntryName, volume: &spec::Volume, at: Span) {
        match volume.backup.spanned() {
            Some((backup, at)) if !backup.none.is_missing() => {
                let none = backup.none.span().unwrap_or(at);
                self.without_backups(backup, (none, at), "a volume without backups");
            }
            Some((backup, at)) => {
                self.check_copies(backup, at);
                self.query_needs_postgres(backup, None);
                let message = format!("`backup` of `volume/{key}` is not rendered by this version");
                let help = "back up the volume by other means, and write `backup: {none: REASON}` with a reason that names them";
                self.incomplete(Diagnostic::new(Code::Incomplete, message).at(at).help(help));
            }
            None if volume.backup.is_missing() => {
                let diagnostic = Diagnostic::new(Code::MissingField, "`backup` is missing: the volume keeps data").at(at);
                self.tell(diagnostic.help("add `backup: {none: why}`"));
            }
            None => {}
        }
    }

    /// Reports a volume that is too small for the operations per second of its class: the provider refuses to make such a disk.
    fn check_iops(&mut self, volume: &spec::AppVolume, provider: Provider) {
        let class = volume.class.get().and_then(|name| self.spec.cluster.at(|cluster| &cluster.storage).value(name.as_str()));
        let (Some(disks), Some(class), Some((size, at))) = (disks(provider), class, volume.size.spanned()) else { return };
        let (Some((iops, place)), Some((disk, limit, _))) = (class.iops.spanned(), disks.of(class)) else { return };
        let (always, each) = match limit {
            Iops::Most(always, each) => (*always, *each),
            Iops::Required(each) => (0, *each),
            Iops::Fixed | Iops::Free => return,
        };
        let wanted = u64::from(*iops);
        if wanted > always.max(each.saturating_mul(size.bytes().div_ceil(1 << 30))) {
            let message =
                format!("`{size}` is too small for {iops} operations per second: disks of the type `{disk}` have {each} for each GiB");
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).related(place, "the class has them from here");
            self.tell(diagnostic.help(format!("write at least `{}Gi`, or name a class with fewer `iops`", wanted.div_ceil(each))));
        }
    }

    /// Mounts the volumes of an app: claims of each pod, and shared volumes.
    pub(super) fn mount_volumes(&mut self, app: &App, consumer: &Consumer<'_>, pod: &mut Pod) -> Volumes {
        let mut volumes = Volumes::of(None);
        // The name of a claim identifies its data, so claims choose their names before shared volumes do.
        let (own, shared): (Vec<_>, Vec<_>) = app.volumes.entries().partition(|(_, _, volume)| volume.of.is_missing());
        for (path, at, volume) in own.into_iter().chain(shared) {
            let class = self.class(&volume.class);
            if let Some((reference, of)) = volume.of.spanned() {
                self.exclude(&[
                    (volume.size.span(), Some(of), "`size` can't be combined with `of`: the section `volumes` has the size"),
                    (volume.class.span(), Some(of), "`class` can't be combined with `of`: the section `volumes` has the class"),
                ]);
                if let Some(name) = self.shared_volume(reference, of, consumer) {
                    self.mount_shared_claim(&mut volumes, path, (name, reference.read_only()), at, pod);
                }
            } else if volume.of.is_missing()
                && let Some(size) = self.require(&volume.size, "size", at)
            {
                self.check_iops(volume, consumer.region.provider);
                self.mount_claim(&mut volumes, path, size.clone(), class, at, pod);
            }
        }
        volumes
    }

    /// The name of the volume that a reference means. Reports one that the pods of the app can't mount.
    fn shared_volume(&mut self, reference: &VolumeRef, at: Span, consumer: &Consumer<'_>) -> Option<Name> {
        let spec = self.spec;
        let wanted = reference.entry();
        let mut found = Vec::new();
        for (key, span, volume) in spec.volumes.entries() {
            let namespace = self.said_namespace(key, &volume.namespace);
            if key.name() == wanted.name() && wanted.namespace().is_none_or(|wanted| namespace == Some(wanted)) {
                found.push((key, span, volume, namespace));
            }
        }
        let own = found.iter().find(|(.., namespace)| *namespace == Some(consumer.namespace)).or(found.first()).copied();
        let Some((key, span, volume, namespace)) = own else {
            let known: Vec<String> = spec.volumes.keys().map(|key| format!("volume/{}", key.name())).collect();
            self.unknown("volume", &reference.to_string(), known.iter().map(String::as_str), at);
            return None;
        };
        if let Some(namespace) = namespace.filter(|namespace| *namespace != consumer.namespace) {
            let message = format!("`{reference}` is in the namespace `{namespace}`, and pods mount volumes of their own namespace alone");
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).related(span, "declared here");
            self.tell(diagnostic.help("move one of them to the namespace of the other"));
            return None;
        }
        if !self.is_here(&volume.only) {
            let message = format!("`volume/{key}` does not exist in `{}`", self.environment);
            let diagnostic = Diagnostic::new(Code::AbsentInEnvironment, message).at(at);
            let diagnostic =
                volume.only.span().into_iter().fold(diagnostic, |all, only| all.related(only, "its environments are limited here"));
            self.tell(diagnostic.help("limit this entry in the same way, or remove the volume there with `without`"));
            return None;
        }
        if !consumer.region.primary && !volume.independent.is_true() {
            let message =
                format!("`volume/{key}` exists in the primary region, and {} runs in `{}`, too", consumer.label, consumer.region.name);
            let diagnostic = Diagnostic::new(Code::AbsentInRegion, message).at(at).related(span, "declared here");
            self.tell(
                diagnostic.help("run the app with `regions: primary`, or give each region a volume with other files: `independent: true`"),
            );
            return None;
        }
        Some(key.name().clone())
    }
}
