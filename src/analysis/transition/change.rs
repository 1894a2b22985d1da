//! What happens to a running object that needs more than `kubectl apply`.

/// What happens to a running object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// The API server does not let this field change; a JSON pointer.
    Immutable(&'static str),
    /// Claims of a StatefulSet change or join: the API server refuses that in the StatefulSet; the volumes themselves can grow.
    Claims {
        /// Name and new size of each claim that grows.
        grown: Vec<(String, String)>,
        /// The name of each claim that changes in something else, such as its class. The claims of the pods that run keep it.
        kept: Vec<String>,
    },
    /// An autoscaler takes over `replicas`: server-side apply resets the field to 1 in that moment.
    HandOver {
        /// The replicas that run, as the old document says.
        replicas: u64,
    },
    /// A database gets another major version.
    Upgrade {
        /// The version that runs.
        from: u32,
        /// The new version.
        to: u32,
    },
    /// The operator of a database refuses a new image together with new settings.
    TwoSteps {
        /// The new settings, as JSON.
        settings: String,
    },
    /// A field that was read once, when the database was made: a JSON pointer.
    ReadOnce(&'static str),
    /// The operator of a store removes no servers.
    Fewer {
        /// How many run.
        from: u64,
        /// How many are asked for.
        to: u64,
    },
    /// The operator of a store removes servers only once they keep nothing.
    Emptied {
        /// How many run.
        from: u64,
        /// How many are asked for.
        to: u64,
    },
    /// The number of the servers that vote changes.
    Voters {
        /// How many vote.
        from: u64,
        /// How many are asked for.
        to: u64,
    },
    /// The user of a store, which is made with the store, is another one.
    OtherUser {
        /// The name of the store.
        store: String,
        /// The user that exists.
        from: String,
        /// The user that is asked for.
        to: String,
    },
    /// The operator of a store makes another database, and the old one stays beside it.
    OtherDatabase {
        /// The database that exists.
        from: String,
        /// The database that is asked for.
        to: String,
    },
    /// The operator of a store takes no rights away from a user that the database belonged to.
    FormerOwner {
        /// The user.
        user: String,
        /// The database.
        database: String,
    },
    /// The standby of a database takes the writes.
    TakesOver,
    /// A store of one server becomes one of several that copy each other's data.
    Copied,
    /// A store of several servers that copy each other's data becomes one of a single server.
    Alone,
    /// Users of a database left the documents and stay in the database.
    Users(Vec<String>),
    /// Objects that left the documents stay in the cluster.
    Left {
        /// Each object as `kubectl delete` names it, such as `deployment.apps/web`.
        objects: Vec<String>,
        /// The object that runs instead under another kind or name, `Kind/namespace/name`.
        successor: Option<String>,
        /// Whether volumes stay as well.
        volumes: bool,
    },
    /// The last Gateways whose load balancers a controller of the cloud makes leave. Its rights leave as well, and without them no load balancer is deleted.
    LastEntrance {
        /// Each Gateway as `kubectl delete` names it.
        gateways: Vec<String>,
    },
    /// Volumes with data can't be reached any more. With the objects that left the documents, as in [`Change::Left`].
    LosesData(Loss, Vec<String>),
}

/// Why volumes with data can't be reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Loss {
    /// These claims are gone, or smaller: a volume can't shrink.
    Claims(Vec<String>),
    /// This field of the claim of a shared volume changes, a JSON pointer: the API server refuses that, or a smaller size.
    Claim(&'static str),
    /// The software of a store can't go back to an older series.
    Downgrade {
        /// The engine, as people write it.
        engine: &'static str,
        /// The series that runs.
        from: String,
        /// The series that is asked for.
        to: String,
    },
    /// The object has a new kind, name or namespace, `Kind/namespace/name`, and starts empty.
    Successor(String),
    /// The object starts empty in this region.
    Region(String),
    /// The database becomes a standby, and follows that of another region in place of what it has.
    Standby,
    /// Backups are deleted earlier than before.
    Backups {
        /// For how long they were kept, such as `35d`.
        from: String,
        /// For how long they are kept from now on.
        to: String,
    },
}
