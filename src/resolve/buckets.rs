//! `buckets`: object stores of apps, and who uses them.

use super::EnvironmentResolver;
use super::consumer::{Consumer, Dependency};
use super::external::Outside;
use super::names::{Entry, Names};
use super::ports::EntryPort;
use super::regions::{RegionSpec, no_such_region, primary_of, provider_of};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::facts;
use crate::model::{Bucket, BucketCopy, BucketLock, Holds, LockMode, Platform};
use crate::provider::Provider;
use crate::source::Span;
use crate::spec;
use crate::syntax::Field;
use crate::value::{AddressField, BucketAccess, EntryName, Name, NetworkPort, Ref, RefKind};
use indexmap::IndexMap;
use std::collections::BTreeMap;

/// A day in milliseconds.
const DAY: u64 = 86_400_000;

/// The longest retention of Object Lock, a hundred years in days.
pub(super) const LONGEST: u64 = 36_500;

/// The days for which old versions of objects are kept at least: the time to notice an object that was overwritten or deleted by mistake.
const VERSION_DAYS: u32 = 30;

/// The port of S3.
pub(super) const HTTPS: NetworkPort = NetworkPort::tcp(443);

/// What a copy in another region is of.
#[derive(Clone, Copy)]
pub(super) struct Copied {
    /// `bucket` or `store`.
    pub(super) what: &'static str,
    /// Whether it is in the primary region, so that it moves with it.
    pub(super) moves: bool,
}

impl EnvironmentResolver<'_> {
    /// The index entry of a bucket. Its service answers in the primary region.
    pub(super) fn bucket_entry(&mut self, key: &EntryName, at: Span, bucket: &spec::Bucket) -> Entry {
        let absent = (!self.is_here(&bucket.only)).then(|| bucket.only.span()).flatten();
        let primary = self.primary().map(|(place, _)| place);
        let outside = primary.filter(|place| place.provider == Provider::Aws).and_then(|place| Outside::object_store(&place.name, at));
        let mut entry = Entry::other(RefKind::Bucket, key, at);
        entry.absent = absent;
        // Without a region there is another finding.
        entry.rendered = primary.is_none_or(|place| place.provider == Provider::Aws);
        entry.ports_invalid = outside.is_none();
        entry.ports = vec![EntryPort::new("https", HTTPS)];
        entry.outside = outside;
        entry
    }

    /// Fills a platform with the buckets of the spec.
    pub(super) fn buckets(&mut self, platform: &mut Platform, names: &Names) {
        let Some(primary) = self.primary().map(|(place, _)| place.clone()) else { return };
        let spec = self.spec;
        for (key, at, bucket) in spec.buckets.entries() {
            let lock = self.retention(bucket).map(|days| lock(platform, days));
            let copied = Copied { what: "bucket", moves: true };
            let said_here = self.is_here(&bucket.only);
            // Where there is no bucket, there is no copy.
            let lies_beside = bucket.copy_to.get() == Some(&primary.name);
            let copy = if said_here || !lies_beside { self.copy_region(&bucket.copy_to, &primary, copied) } else { None };
            let here = names.iter().any(|entry| entry.kind == RefKind::Bucket && entry.name == *key.name() && entry.absent.is_none());
            let account = platform.account(Provider::Aws).map(str::to_owned);
            let (Some(account), true, Provider::Aws) = (account, here, primary.provider) else { continue };
            let id = |region: &Name| platform.bucket_name(key.name().as_str(), region, &account);
            let bucket = Bucket {
                span: at,
                key: key.name().to_string(),
                holds: Holds::Objects,
                region: primary.name.clone(),
                moves: copied.moves,
                id: id(&primary.name),
                version_days: version_days(lock),
                lock,
                copy: copy.map(|region| BucketCopy { id: id(&region), region, days: None }),
                account,
            };
            platform.buckets.insert(bucket.key.clone(), bucket);
        }
    }

    /// The retention of a bucket in days. Reports one that the cloud does not have.
    fn retention(&mut self, bucket: &spec::Bucket) -> Option<u32> {
        let (retention, at) = bucket.retention.spanned()?;
        let millis = retention.millis();
        let (why, help) = match millis {
            0 => ("keeps nothing", "write the days for which no version may be deleted, or remove `retention`".to_owned()),
            _ if millis / DAY > LONGEST => ("is longer than a hundred years", format!("write at most `{LONGEST}d`")),
            _ if !millis.is_multiple_of(DAY) => {
                ("is not a number of whole days, in which objects are locked", format!("write `{}d`", millis.div_ceil(DAY)))
            }
            _ => return u32::try_from(millis / DAY).ok(),
        };
        self.tell(Diagnostic::new(Code::InvalidValue, format!("a retention of `{retention}` {why}")).at(at).help(help));
        None
    }

    /// The region of a copy of what is in the region `home`; the environment runs there or not. Reports one that can't hold it.
    pub(super) fn copy_region(&mut self, copy_to: &Field<Name>, home: &RegionSpec, copied: Copied) -> Option<Name> {
        let (spec, what) = (self.spec, copied.what);
        let (name, at) = copy_to.spanned()?;
        if !self.is_declared("region", &spec.regions, name, at) || home.provider != Provider::Aws {
            return None;
        }
        let region = spec.regions.find(name.as_str())?;
        let provider = provider_of(spec, region.value.get()?)?;
        if *name == home.name {
            let message = format!("the copy would be in `{name}`, where the {what} is: one outage would take both");
            self.tell(Diagnostic::new(Code::Contradiction, message).at(at).help(self.help_for_copies(home, copied)));
        } else if provider != Provider::Aws {
            let message = format!("`{name}` is not on AWS, where the {what} is");
            let diagnostic = Diagnostic::new(Code::Contradiction, message).at(at).related(region.key, "the region is declared here");
            self.tell(diagnostic.help("name a region on AWS"));
        } else if facts::region(provider, name.as_str()).is_none() {
            self.tell(no_such_region(name, provider, region.key));
        } else {
            return Some(name.clone());
        }
        None
    }

    /// The help for a copy in the region of its bucket: an environment that moves to the region of the copy leaves the value behind.
    fn help_for_copies(&self, primary: &RegionSpec, copied: Copied) -> String {
        if !copied.moves {
            return "name a region of `regions` that the environment does not run in, or remove `copy_to`".to_owned();
        }
        if copied.what == "store" {
            return "name another region of `regions`, or remove `copy_to`; when the environment moves here, write `copy_to: OLD-REGION`: the copy becomes the bucket of the backups".to_owned();
        }
        let differs = |environment: &spec::Environment| primary_of(environment).is_some_and(|(name, _)| *name != primary.name);
        let differ = self.spec.environments.entries().any(|(_, _, environment)| differs(environment));
        let (who, form) = match differ {
            true => (format!("`{}`", self.environment), format!("environments: {{{}: {{copy_to: OLD-REGION}}}}", self.environment)),
            false => ("the environment".to_owned(), "copy_to: OLD-REGION".to_owned()),
        };
        format!("name another region of `regions`, or remove `copy_to`; when {who} moves here, write `{form}`: the copy becomes the bucket")
    }

    /// Warns of buckets on clouds for which this version renders none.
    pub(super) fn unrendered_buckets(&mut self) {
        if self.primary().is_none_or(|(place, _)| place.provider == Provider::Aws) {
            return;
        }
        let spec = self.spec;
        let here = spec.buckets.entries().find(|(_, _, bucket)| self.is_here(&bucket.only));
        if let Some((_, at, _)) = here {
            let message = "`buckets` is read and checked, but this version renders it on AWS alone";
            let help = "references to its entries are not rendered either";
            self.tell(Diagnostic::new(Code::NotRendered, message).at(at).help(help));
        }
    }

    /// Notes that a consumer uses a bucket. Reports a consumer on a cluster whose accounts get no rights from these files.
    pub(super) fn uses_bucket(
        &mut self,
        (entry, reference): (&Entry, &Ref),
        (place, whole): (Span, Span),
        what: &str,
        consumer: &mut Consumer<'_>,
    ) -> bool {
        if consumer.region.provider != Provider::Aws {
            let message = format!(
                "{what} of `{}` in `{}` refers to `{}`, and this version gives rights to a bucket on AWS alone",
                consumer.label,
                consumer.region.name,
                entry.display()
            );
            let help = format!("run `{}` in the regions on AWS alone, with `regions`", consumer.label);
            self.incomplete(Diagnostic::new(Code::Incomplete, message).at(whole).related(entry.key, "declared here").help(help));
            return false;
        }
        let access = reference.access().unwrap_or(BucketAccess::Read);
        let known = consumer.buckets.entry(entry.name.to_string()).or_insert((access, place));
        known.0 = known.0.max(access);
        true
    }

    /// The value of a field of a bucket. A reference is a need: it gives the right to read, and opens the way to the bucket.
    pub(super) fn bucket_field<'a>(
        &mut self,
        (entry, reference): (&'a Entry, &Ref),
        field: AddressField,
        (at, whole): (Span, Span),
        what: &str,
        consumer: &mut Consumer<'a>,
    ) -> Option<String> {
        if !self.uses_bucket((entry, reference), (at, whole), what, consumer) {
            return None;
        }
        consumer.needs.push(Dependency { entry, target: HTTPS, at });
        let bucket = consumer.platform.buckets.get(entry.name.as_str())?;
        match field {
            AddressField::Name => Some(bucket.id.clone()),
            AddressField::Region => Some(bucket.region.to_string()),
            AddressField::Url => Some(format!("s3://{}", bucket.id)),
            // The grammar has no other field of a bucket.
            AddressField::Host | AddressField::Port | AddressField::Address | AddressField::PublicUrl => None,
        }
    }

    /// Records what the buckets become, and who uses them.
    pub(super) fn record_buckets(&self, platform: &Platform) {
        for (name, bucket) in platform.buckets.iter().filter(|(_, bucket)| bucket.holds == Holds::Objects) {
            let at = format!("buckets.{name}");
            let from = format!("platform.name, the environment, the region and cloud.accounts.{}", self.environment);
            self.record(|| (format!("{at}.region"), &bucket.region, "environment.primary"));
            self.record(|| (format!("{at}.name"), &bucket.id, from.clone()));
            if let Some(copy) = &bucket.copy {
                self.record(|| (format!("{at}.copy"), &copy.id, format!("{at}.copy_to")));
            }
            if let Some(lock) = bucket.lock {
                let from = format!("{at}.retention and environments.{}.protected", self.environment);
                self.record(|| (format!("{at}.lock"), lock.mode.name().to_lowercase(), from));
            }
            let keep = match bucket.lock {
                Some(lock) if lock.days == bucket.version_days => format!("{at}.retention"),
                _ => "the default of buckets".to_owned(),
            };
            self.record(|| (format!("{at}.old_versions"), format!("{}d", bucket.version_days), keep));
            let mut users: BTreeMap<String, BucketAccess> = BTreeMap::new();
            for (_, workload, access) in platform.users_of(bucket) {
                users.insert(format!("{}/{}", workload.namespace, workload.name), access);
            }
            for (user, access) in users {
                self.record(|| (format!("{at}.users.{user}"), access, "the references of the entry to the bucket"));
            }
        }
    }
}

/// A lock of so many days. A lock that ends when somebody says so is no promise: in a protected environment it ends for nobody.
pub(super) fn lock(platform: &Platform, days: u32) -> BucketLock {
    BucketLock { mode: if platform.protected { LockMode::Compliance } else { LockMode::Governance }, days }
}

/// The days after which a version that is not the current one is deleted.
pub(super) fn version_days(lock: Option<BucketLock>) -> u32 {
    lock.map_or(0, |lock| lock.days).max(VERSION_DAYS)
}

/// Reports two buckets of one name in the cloud: names of environments and of buckets have hyphens, which also join them.
pub(super) fn check_names(environments: &IndexMap<String, Platform>, found: &mut Diagnostics) {
    let mut known: BTreeMap<&str, (&str, &Bucket)> = BTreeMap::new();
    for (environment, platform) in environments {
        for bucket in platform.buckets.values() {
            for id in [&bucket.id].into_iter().chain(bucket.copy.as_ref().map(|copy| &copy.id)) {
                match known.get(id.as_str()) {
                    Some((other, first)) => {
                        let message = format!(
                            "the bucket `{}` of `{environment}` and `{}` of `{other}` have the same name in the cloud, `{id}`",
                            bucket.key, first.key
                        );
                        let mut diagnostic = Diagnostic::new(Code::NameTaken, message).at(bucket.span);
                        diagnostic.environments.push(environment.clone());
                        if first.span != bucket.span {
                            diagnostic = diagnostic.related(first.span, "the other one");
                        }
                        found.push(diagnostic.help("give one of the two another name"));
                    }
                    None => _ = known.insert(id, (environment, bucket)),
                }
            }
        }
    }
}
