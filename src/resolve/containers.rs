//! Containers: variables and resources.

use super::command_lines::facts_of;
use super::consumer::Consumer;
use super::engines::Fallback;
use super::provenance::RecordPath;
use super::volumes::{Pod, Volumes};
use super::{EnvironmentResolver, written};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Container, FactPart, Source, TemplatePart, Variable};
use crate::source::Span;
use crate::spec::ContainerFields;
use crate::syntax::Field;
use crate::value::{CpuLimit, CpuRange, ImageTag, Medium, Name, NetworkPort, Quantity, QuantityRange, SecretPath};

/// The default size of an empty directory, in bytes.
const TMP_SIZE: u64 = 64 << 20;

/// The default request and limit of ephemeral storage, in bytes, without empty directories: enough for the 5 x 10 MiB of logs that a node keeps, and
/// far below the disk of a node, so that one container cannot fill it.
const EPHEMERAL: (u64, u64) = (128 << 20, 1 << 30);

/// The origin of resources that the spec does not set.
pub(super) const RESOURCES: &str = "the default of containers and their empty folders";

/// The largest plausible number of processors; a larger figure has a wrong unit.
const MOST_PROCESSORS: u128 = 10_000;

/// The smallest plausible size in bytes; a smaller figure lacks its unit.
const LEAST: u64 = 64 << 10;

/// Request and limit of each resource.
pub(super) struct Amounts {
    /// Processors. The limit may be absent.
    pub(super) cpu: (Quantity, Option<Quantity>),
    /// Memory.
    pub(super) memory: (Quantity, Quantity),
    /// Disk.
    pub(super) ephemeral: (Quantity, Quantity),
}

/// A container as the spec declares it.
pub(super) struct Declared<'a> {
    pub(super) name: &'a Name,
    /// The span of the key.
    pub(super) span: Span,
    pub(super) fields: ContainerFields<'a>,
    /// The mounts of the entry's persistent volumes.
    pub(super) volumes: Volumes,
    /// Its container ports.
    pub(super) ports: Vec<(String, NetworkPort)>,
    pub(super) fallback: &'a Fallback,
    /// Its place in the record.
    pub(super) at: RecordPath,
}

/// The maximum size of a ConfigMap in bytes (`MaxSecretSize` in Kubernetes, which applies to both).
pub(super) const MOST_CONFIG: usize = 1 << 20;

impl EnvironmentResolver<'_> {
    /// Resolves a container.
    pub(super) fn container(&mut self, mut declared: Declared<'_>, consumer: &mut Consumer<'_>, pod: &mut Pod) -> Option<Container> {
        let (fields, mut volumes) = (declared.fields, std::mem::take(&mut declared.volumes));
        let image = self.image(&declared);
        let mut variables = self.variables(fields, consumer, &declared.at);
        let secrets = self.whole_secrets(fields);
        let files = self.files(fields, consumer, &mut volumes);
        let mut folders = 0_u64;
        for (path, at, tmp) in fields.tmp.entries() {
            if let Some((folder, of)) = tmp.of.spanned() {
                self.mount_shared(&mut volumes, path, folder, (at, of), pod);
                for (key, at) in written([("medium", tmp.medium.span()), ("size", tmp.size.span())]) {
                    self.contradiction(format!("`{key}` follows from the directory `{folder}`"), at, Some(of));
                }
                continue;
            }
            let size = tmp.size.get().cloned().unwrap_or_else(|| Quantity::from_bytes(TMP_SIZE));
            if let Some((size, at)) = tmp.size.spanned() {
                self.has_unit("size", size, at);
            }
            if tmp.size.is_missing() && tmp.medium.is_missing() {
                self.separate(path, at, pod);
            }
            let medium = tmp.medium.get().copied().unwrap_or(Medium::Disk);
            folders = folders.saturating_add(if medium == Medium::Disk { size.bytes() } else { 0 });
            self.mount_tmp(&mut volumes, path, medium, size, at, pod);
        }
        let mut facts = facts_of(&variables);
        let command = self.words(fields.command, "`command`", consumer, &declared.at, Some(&mut facts));
        let arguments = self.words(fields.args, "`args`", consumer, &declared.at, Some(&mut facts));
        variables.splice(0..0, self.helpers(fields, &facts));
        let stop = self.stop(fields, consumer, &declared.at);
        let probes = self.probes(&declared, consumer.entry, pod);
        let security = self.security(&declared, consumer, pod, &mut volumes);
        let Amounts { cpu, memory, ephemeral } = self.amounts(&declared, folders);
        let at = &declared.at;
        for (name, port) in declared.ports.iter().filter(|_| self.records()) {
            self.record_container(at, || (format!("container_ports.{name}"), port, at.ports.clone()));
        }
        let gpus = fields.resources.at(|resources| &resources.gpu).spanned().map_or(0, |(gpus, at)| {
            if *gpus == 0 {
                self.tell(Diagnostic::new(Code::InvalidValue, "`gpu: 0` asks for nothing").at(at).help("remove `gpu`"));
            }
            *gpus
        });
        self.check_files(&volumes, &files);
        self.memory_folders(fields, &memory.1);
        Some(Container {
            name: declared.name.clone(),
            image: image?,
            command,
            args: arguments,
            workdir: fields.workdir.get().map(ToString::to_string),
            variables,
            secrets,
            files,
            mounts: volumes.mounts,
            ports: declared.ports,
            cpu: Some(cpu),
            memory: Some(memory),
            ephemeral: Some(ephemeral),
            gpus,
            probes,
            stop,
            before_init: false,
            security,
        })
    }

    /// The resources of a container. `folders` is the size of its empty directories on disk.
    pub(super) fn amounts(&mut self, declared: &Declared<'_>, folders: u64) -> Amounts {
        let (resources, fallback) = (declared.fields.resources.get(), &declared.fallback.resources);
        if let Some((cpu, at)) = resources.and_then(|r| r.cpu.spanned()) {
            let limit = if let CpuLimit::At(limit) = cpu.limit() { limit } else { cpu.request() };
            self.is_processors(limit, at);
        }
        // An engine's own amounts replace the static defaults.
        let said = |at: Option<Span>| at.is_some_and(|at| fallback.is_none() || self.is_of_the_user(at));
        let (said_cpu, said_memory) = (said(resources.and_then(|r| r.cpu.span())), said(resources.and_then(|r| r.memory.span())));
        let cpu = resources.and_then(|r| r.cpu.get()).filter(|_| said_cpu).map(cpu_of);
        if let Some((memory, at)) = resources.and_then(|r| r.memory.spanned()) {
            self.has_unit("memory", memory.limit().unwrap_or(memory.request()), at);
        }
        let memory = resources.and_then(|r| r.memory.get()).filter(|_| said_memory).map(pair);
        let ephemeral = resources.and_then(|r| r.ephemeral.get()).map(pair);
        let cpu = cpu.unwrap_or_else(|| match fallback {
            Some(((request, limit), _)) => (request.clone(), Some(limit.clone())),
            None => (Quantity::from_millis(50), Some(Quantity::from_millis(200))),
        });
        let memory = memory.unwrap_or_else(|| {
            let amount = fallback.as_ref().map_or_else(|| Quantity::from_bytes(64 << 20), |(_, memory)| memory.clone());
            (amount.clone(), amount)
        });
        let ephemeral = ephemeral.unwrap_or_else(|| disk(folders));
        let of_engine = fallback.is_some();
        for (key, request, limit, said, from_engine) in [
            ("cpu", &cpu.0, cpu.1.as_ref(), said_cpu, of_engine),
            ("memory", &memory.0, Some(&memory.1), said_memory, of_engine),
            ("ephemeral", &ephemeral.0, Some(&ephemeral.1), resources.is_some_and(|all| !all.ephemeral.is_missing()), false),
        ] {
            let at = &declared.at;
            let from = || match (said, from_engine) {
                (true, _) => format!("{}.resources.{key}", at.container),
                (false, true) => format!("{}.engine", at.entry),
                (false, false) => RESOURCES.to_string(),
            };
            self.record_container(at, || (format!("requests.{key}"), request, from()));
            self.record_container(at, || (format!("limits.{key}"), limit.map_or_else(|| "none".to_string(), ToString::to_string), from()));
        }
        Amounts { cpu, memory, ephemeral }
    }

    /// Reports a directory in memory that may exceed the memory limit: its content counts as memory of the container, which is killed at the limit, and
    /// again after each restart, because the directory keeps its content.
    fn memory_folders(&mut self, fields: ContainerFields<'_>, limit: &Quantity) {
        let folders = fields.tmp.entries().filter(|(_, _, tmp)| tmp.medium.get() == Some(&Medium::Memory));
        for (path, at, tmp) in folders {
            let size = tmp.size.get().cloned().unwrap_or_else(|| Quantity::from_bytes(TMP_SIZE));
            if size >= *limit {
                let message = format!("the folder in memory `{path}` may hold {size}, and the container may use {limit}");
                let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
                self.tell(diagnostic.help("raise the limit of `resources.memory` above the folder's size, or make the folder smaller"));
            }
        }
    }

    /// Reports a size that is so small that its unit is missing.
    pub(super) fn has_unit(&mut self, name: &str, amount: &Quantity, at: Span) {
        if amount.bytes() < LEAST {
            // A suffix `m` is thousandths, and megabytes are meant.
            let help = match amount.to_string().strip_suffix('m') {
                Some(figures) => format!("`m` is a thousandth: did you mean `{figures}Mi`?"),
                None => "write a unit, such as `64Mi` or `10Gi`".to_owned(),
            };
            let message = format!("`{name}: {amount}` is {} bytes", amount.millis() as f64 / 1000.0);
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
    }

    /// Reports a number of processors that no machine has: its unit is one of memory.
    pub(super) fn is_processors(&mut self, amount: &Quantity, at: Span) {
        let processors = amount.millis() / 1000;
        if processors > MOST_PROCESSORS {
            let text = amount.to_string();
            let message = format!("`cpu: {text}` is {processors} processors");
            let figures = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let help = format!("write `{figures}m` for {figures} thousandths of a processor, or a number of processors, such as `2`");
            self.tell(Diagnostic::new(Code::InvalidValue, message).at(at).help(help));
        }
    }

    /// The image of a container. Reports one without a tag or digest.
    pub(super) fn image(&mut self, declared: &Declared<'_>) -> Option<String> {
        let (fields, at) = (declared.fields, &declared.at);
        let image = match (fields.image, &declared.fallback.image) {
            (Field::Missing, Some(image)) => {
                self.record_container(at, || ("image", image, format!("{}.engine and version", at.entry)));
                image
            }
            (Field::Missing, None) if declared.fallback.image_checked => return None,
            (field, _) => self.require(field, "image", declared.span)?,
        };
        let image = match fields.tag.spanned() {
            Some((tag, span)) => match tag.parse::<ImageTag>() {
                Ok(tag) => {
                    let tagged = image.with_tag(tag);
                    self.record_container(at, || ("pulled_image", &tagged, format!("{0}.image and {0}.tag", at.container)));
                    tagged
                }
                Err(invalid) => {
                    self.error(Code::InvalidValue, invalid.message, span);
                    return None;
                }
            },
            None => image.clone(),
        };
        if image.tag().is_none() && image.digest().is_none() {
            let at = fields.image.span().unwrap_or(declared.span);
            let diagnostic = Diagnostic::new(Code::InvalidValue, format!("the image `{image}` has neither a tag nor a digest")).at(at);
            self.tell(diagnostic.help("add the version that was tested, such as `:v1.4.2`"));
        }
        Some(image.to_string())
    }

    /// Reports `$(NAME)` in a variable: Kubernetes expands it in `env`, but not in `envFrom`, through which platgen sets variables.
    fn not_expanded(&mut self, fields: ContainerFields<'_>, name: &str, text: &str, at: Span) {
        for (_, rest) in text.match_indices("$(").map(|(start, _)| (start, text.get(start + 2..).unwrap_or_default())) {
            let Some((inner, _)) = rest.split_once(')') else { continue };
            let plain = fields.config.get().is_some_and(|all| all.get(inner).is_some());
            let secret = fields.secrets.get().is_some_and(|all| all.get(inner).is_some());
            if plain || secret {
                let message = format!("`$({inner})` is not expanded in `{name}`: Kubernetes expands it only in `command` and `args`");
                let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at);
                self.tell(diagnostic.help(if secret {
                    "refer to the secret as `${secret/path#key}`"
                } else {
                    "write the text, or share it as `${var/NAME}`"
                }));
            }
        }
    }

    /// Reports NUL bytes: words and variables reach a process as NUL-terminated strings.
    pub(super) fn printable(&mut self, what: &str, text: &str, at: Span) {
        if text.contains('\0') {
            self.error(Code::InvalidValue, format!("{what} contains a NUL byte, which processes can't receive"), at);
        }
    }

    pub(super) fn secret_literal(&mut self, what: &str, at: Span) {
        let diagnostic = Diagnostic::new(Code::SecretLiteral, format!("{what} looks like a credential")).at(at);
        self.tell(diagnostic.help("put it in the secret manager and refer to it under `secrets` or as `${secret/path#key}`"));
    }

    fn variables(&mut self, fields: ContainerFields<'_>, consumer: &mut Consumer<'_>, place: &RecordPath) -> Vec<Variable> {
        let mut variables = Vec::new();
        let mut bytes = 0;
        let secrets = fields.secrets.get();
        for (name, key, value) in fields.config.get().into_iter().flat_map(|all| all.iter()) {
            let Some((text, at)) = value.spanned() else { continue };
            self.not_expanded(fields, name.as_str(), text.original(), at);
            if let Some(item) = secrets.and_then(|all| all.get(name.as_str())) {
                self.contradiction(format!("`{name}` is set under `config` and under `secrets`"), item.key, Some(key));
                continue;
            }
            if let Some(value) = self.value(text, at, &format!("`{name}`"), consumer) {
                if let Source::Text(text) = &value {
                    self.printable(&format!("`{name}`"), text, at);
                    let before = bytes;
                    bytes += name.as_str().len() + text.len();
                    if before <= MOST_CONFIG && bytes > MOST_CONFIG {
                        let diagnostic =
                            Diagnostic::new(Code::ConfigTooLarge, format!("with `{name}` the variables take {bytes} bytes")).at(at);
                        self.tell(
                            diagnostic.help("a ConfigMap holds 1 MiB: put large texts into `files`, the image, a volume or a bucket"),
                        );
                    }
                }
                if text.original().contains("${") {
                    self.record_container(place, || {
                        (format!("resolved.{name}"), shown(&value), format!("{}.config.{name}", place.container))
                    });
                }
                variables.push(Variable { name: name.to_string(), value });
            }
        }
        for (name, _, secret) in fields.secrets.entries() {
            variables.push(Variable { name: name.to_string(), value: Source::Secret(secret.clone()) });
        }
        variables
    }

    /// The secrets of `secrets_from`. Reports one that stands there twice.
    fn whole_secrets(&mut self, fields: ContainerFields<'_>) -> Vec<SecretPath> {
        let mut all: Vec<(&SecretPath, Span)> = Vec::new();
        for (path, at) in fields.secrets_from.items() {
            if let Some((_, first)) = all.iter().find(|(known, _)| *known == path) {
                let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{path}` is listed twice")).at(at);
                self.tell(diagnostic.related(*first, "first listed here").help("remove one of them"));
                continue;
            }
            all.push((path, at));
        }
        all.into_iter().map(|(path, _)| path.clone()).collect()
    }
}

/// The ephemeral storage of a container that sets none. The content of empty directories counts towards the limit.
fn disk(folders: u64) -> (Quantity, Quantity) {
    (Quantity::from_bytes(EPHEMERAL.0), Quantity::from_bytes(EPHEMERAL.1.saturating_add(folders)))
}

fn pair(range: &QuantityRange) -> (Quantity, Quantity) {
    (range.request().clone(), range.limit().unwrap_or(range.request()).clone())
}

/// The CPU of a container: without a word on the limit, four times the request.
fn cpu_of(range: &CpuRange) -> (Quantity, Option<Quantity>) {
    let limit = match range.limit() {
        CpuLimit::Unsaid => Some(range.request().times(4)),
        CpuLimit::None => None,
        CpuLimit::At(limit) => Some(limit.clone()),
    };
    (range.request().clone(), limit)
}

/// The value of a variable in the record: a secret appears by its name.
fn shown(value: &Source) -> String {
    match value {
        Source::Text(text) => text.clone(),
        Source::Secret(secret) => format!("the secret {secret}"),
        Source::Template(parts) => parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => text.clone(),
                TemplatePart::Secret { reference, .. } => format!("(the secret {reference})"),
            })
            .collect(),
        Source::Made { secret, key } => format!("`{key}` of the Secret {secret}"),
        Source::Fact(fact) => format!("the pod's {}", fact.field()),
        Source::Composed(parts) => parts
            .iter()
            .map(|part| match part {
                FactPart::Text(text) => text.clone(),
                FactPart::Fact(fact) => format!("(the pod's {})", fact.field()),
            })
            .collect(),
    }
}
