//! Expressions between `${` and `}`: a field of another entry, a field of the entry itself, a text of `vars`, or a secret.

use std::fmt;

use super::{Invalid, Name, Ref, RefKind, SecretRef, expected_one_of, list, quote};

/// An expression. `resolve` replaces it with its value.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Expression {
    /// `var/x`: a text of `vars`.
    Var(Name),
    /// `secret/path#key`: a value of the secret manager.
    Secret(SecretRef),
    /// `self.name`: a field of the entry that holds the expression.
    Own(OwnField),
    /// `app/cart.address`: a field of another entry.
    Address {
        /// The entry; the suffix names the port.
        reference: Ref,
        /// The field, one of [`AddressField::of`] the entry's kind.
        field: AddressField,
    },
    /// `store/orders.users.app.password`: a field of a store's user.
    User {
        /// The store, without a suffix.
        reference: Ref,
        /// The user, a key of the store's `users`.
        user: Name,
        /// The field of the user.
        field: UserField,
    },
}

words! {
    /// A field of the entry that holds the expression.
    OwnField {
        /// The entry's name.
        Name = "name",
        /// The host under which other apps reach the entry.
        Host = "host",
        /// The entry's port.
        Port = "port",
        /// `host:port`.
        Address = "address",
        /// The entry's namespace.
        Namespace = "namespace",
        /// The environment that is rendered.
        Environment = "environment",
        /// The region that is rendered.
        Region = "region",
        /// The cloud account of the environment.
        Account = "account",
        /// The pod's name.
        PodName = "pod_name",
        /// The pod's IP address.
        PodIp = "pod_ip",
        /// The pod's UID.
        PodUid = "pod_uid",
        /// The name of the pod's node.
        NodeName = "node_name",
        /// The IP address of the pod's node.
        HostIp = "host_ip",
    }
}

words! {
    /// A field of another entry.
    AddressField {
        /// The host: the name alone inside the namespace, `name.namespace` outside.
        Host = "host",
        /// The port.
        Port = "port",
        /// `host:port`.
        Address = "address",
        /// The URL, without a password.
        Url = "url",
        /// The URL on the internet.
        PublicUrl = "public_url",
        /// The name of the database or bucket.
        Name = "name",
        /// The region of the bucket.
        Region = "region",
    }
}

words! {
    /// A field of a store's user.
    UserField {
        /// The name in the store.
        Name = "name",
        /// The password, a secret.
        Password = "password",
    }
}

impl AddressField {
    /// The fields of entries of this kind.
    pub const fn of(kind: RefKind) -> &'static [AddressField] {
        use AddressField::*;
        match kind {
            RefKind::App => &[Host, Port, Address, Url, PublicUrl],
            RefKind::Store => &[Host, Port, Address, Url, Name],
            RefKind::External | RefKind::Chart | RefKind::Platform => &[Host, Port, Address, Url],
            RefKind::Bucket => &[Name, Region, Url],
        }
    }
}

impl Expression {
    /// Whether the value is a secret.
    pub fn is_secret(&self) -> bool {
        matches!(self, Expression::Secret(_) | Expression::User { field: UserField::Password, .. })
    }

    /// The entry that the expression refers to.
    pub fn reference(&self) -> Option<&Ref> {
        match self {
            Expression::Address { reference, .. } | Expression::User { reference, .. } => Some(reference),
            Expression::Var(_) | Expression::Secret(_) | Expression::Own(_) => None,
        }
    }

    /// Parses the text between `${` and `}`.
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        let wrong = |why: String| Invalid::new(format!("`${{{text}}}` is not an expression: {why}"));
        if let Some(field) = text.strip_prefix("self.") {
            return find(field, OwnField::ALL, OwnField::as_str).map(Expression::Own).map_err(wrong);
        }
        match text.split_once('/') {
            Some(("var", name)) => name.parse().map(Expression::Var).map_err(|why: Invalid| wrong(why.message)),
            // The message does not quote the text, which may be a secret itself.
            Some(("secret", place)) => place
                .parse()
                .map(Expression::Secret)
                .map_err(|why: Invalid| Invalid::new(format!("`${{secret/…}}` is not an expression: {why}"))),
            Some((kind, _)) if RefKind::find(kind).is_some() => about_entry(text).map_err(wrong),
            _ => Err(wrong(format!("start it with {}, or write `$${{` for a literal `${{`", list(&STARTS)))),
        }
    }
}

/// The beginnings of expressions.
const STARTS: [&str; 9] = ["app/", "store/", "external/", "bucket/", "chart/", "platform/", "secret/", "var/", "self."];

/// Parses `reference.field` and `reference.users.NAME.field`. Names have no dots, so the first dot ends the reference.
fn about_entry(text: &str) -> Result<Expression, String> {
    let (reference, field) = text.split_once('.').unwrap_or((text, ""));
    let reference: Ref = reference.parse().map_err(|why: Invalid| why.message)?;
    let kind = reference.kind();
    if let (RefKind::Store, Some(rest)) = (kind, field.strip_prefix("users.")) {
        let (user, field) = rest.split_once('.').unwrap_or((rest, ""));
        let user: Name = user.parse().map_err(|why: Invalid| why.message)?;
        let field = find(field, UserField::ALL, UserField::as_str)?;
        return match reference.port() {
            None => Ok(Expression::User { reference, user, field }),
            Some(port) => Err(format!("a user has no port; leave out `:{port}`")),
        };
    }
    let known = AddressField::of(kind);
    let field = find(field, known, AddressField::as_str).map_err(|why| match kind {
        RefKind::Store => format!("{why}, `users.NAME.name` or `users.NAME.password`"),
        _ => why,
    })?;
    match reference.port() {
        Some(port) if field == AddressField::Name => Err(format!("a name has no port; leave out `:{port}`")),
        _ => Ok(Expression::Address { reference, field }),
    }
}

/// The field of this name, or a message that lists the known fields.
fn find<F: Copy>(field: &str, known: &[F], word: fn(F) -> &'static str) -> Result<F, String> {
    let words: Vec<&str> = known.iter().map(|field| word(*field)).collect();
    known.iter().copied().find(|known| word(*known) == field).ok_or_else(|| {
        let what = if field.is_empty() { "the field is missing".to_owned() } else { format!("there is no field {}", quote(field)) };
        format!("{what}; {}", expected_one_of(field, &words))
    })
}

impl fmt::Display for Expression {
    /// The expression without `${` and `}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Var(name) => write!(f, "var/{name}"),
            Expression::Secret(secret) => write!(f, "secret/{secret}"),
            Expression::Own(field) => write!(f, "self.{field}"),
            Expression::Address { reference, field } => write!(f, "{reference}.{field}"),
            Expression::User { reference, user, field } => write!(f, "{reference}.users.{user}.{field}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_printed() {
        for text in [
            "var/x",
            "secret/a/b#c",
            "self.region",
            "app/cart.address",
            "app/x:grpc.address",
            "app/payments/api.host",
            "app/shop.public_url",
            "store/orders.users.app.password",
            "store/orders.name",
            "external/llm.url",
            "bucket/invoices:read.name",
            "bucket/invoices.region",
            "chart/kafka:tls.port",
        ] {
            assert_eq!(Expression::parse(text).map(|value| value.to_string()), Ok(text.to_owned()));
        }
        assert!(Expression::parse("store/orders.users.app.password").unwrap().is_secret());
    }

    #[test]
    fn messages_name_the_expression_and_its_choices() {
        let message = |text: &str| Expression::parse(text).unwrap_err().message;
        assert_eq!(
            message("app/cart.adress"),
            "`${app/cart.adress}` is not an expression: there is no field `adress`; did you mean `address`? \
             expected `host`, `port`, `address`, `url` or `public_url`"
        );
        assert!(message("app/cart").contains("the field is missing; expected `host`"));
        assert!(message("HOME").contains("write `$${` for a literal `${`"));
        assert!(message("store/orders.users.app").contains("`name` or `password`"));
        assert!(message("store/orders:tls.users.app.name").contains("leave out `:tls`"));
        assert!(!message("secret/hunter2").contains("hunter2"));
    }
}
