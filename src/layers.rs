//! The layers of Terraform roots, in the order in which to apply them.
//!
//! Each root is a folder with its own Terraform state, so that a failure in one region or layer does not lock or break the others. The order of application,
//! folders, keys of states, the README of the output, raw Terraform files and the removal of roots all follow the list below. The resources of a root
//! are in `cloud`.

use std::fmt;

use crate::provider::Provider;

/// The folder of all roots, below the output folder.
pub const FOLDER: &str = "terraform";

macro_rules! layers {
    ($($layer:ident, $name:literal, $folder:literal, [$($provider:ident)*], $about:literal;)*) => {
        /// A kind of root. Greater layers build on smaller ones.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum Layer { $(#[doc = $about] $layer,)* }

        impl Layer {
            /// Every layer, in the order in which to apply them.
            pub const ALL: &[Layer] = &[$(Layer::$layer,)*];

            /// The name, as in folders, tags and the `root` of a raw Terraform file.
            pub fn name(self) -> &'static str {
                match self { $(Layer::$layer => $name,)* }
            }

            /// What a root of the layer builds, in one sentence.
            pub fn about(self) -> &'static str {
                match self { $(Layer::$layer => $about,)* }
            }

            /// The folder of a root below [`FOLDER`], with `ENVIRONMENT` and `REGION` in place of the names.
            fn pattern(self) -> &'static str {
                match self { $(Layer::$layer => $folder,)* }
            }

            /// The providers that this version renders the layer for.
            pub fn providers(self) -> &'static [Provider] {
                match self { $(Layer::$layer => &[$(Provider::$provider,)*],)* }
            }
        }
    };
}

// In the order of application: layer, name, folder of a root, providers that it is rendered for, what a root builds.
layers! {
    Bootstrap, "bootstrap", "bootstrap/ENVIRONMENT", [Aws], "The stores of the Terraform states of one environment.";
    Global, "global", "ENVIRONMENT/global", [Aws], "The DNS zone of one environment, and what its account has once.";
    Network, "network", "ENVIRONMENT/REGION/network", [Aws], "The private network of one environment in one region.";
    Cluster, "cluster", "ENVIRONMENT/REGION/cluster", [Aws], "The cluster and the node pools of one environment in one region.";
    Data, "data", "ENVIRONMENT/REGION/data", [Aws], "The buckets of one environment in one region, and copies of buckets of another region.";
    Interconnect, "interconnect", "ENVIRONMENT/interconnect/REGION", [Aws], "The link between two regions of one environment.";
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Layer {
    /// The layer of this name.
    pub fn named(name: &str) -> Option<Layer> {
        Layer::ALL.iter().copied().find(|layer| layer.name() == name)
    }

    /// The layer of a root by its folder below the output folder; none for a folder that is not a root of this version.
    pub fn of_folder(folder: &str) -> Option<Layer> {
        let parts: Vec<&str> = folder.strip_prefix(FOLDER)?.strip_prefix('/')?.split('/').collect();
        Layer::ALL.iter().copied().find(|layer| {
            let pattern: Vec<&str> = layer.pattern().split('/').collect();
            let fits = |(name, part): (&&str, &&str)| matches!(*name, "ENVIRONMENT" | "REGION") || name == part;
            pattern.len() == parts.len() && pattern.iter().zip(&parts).all(fits)
        })
    }
}

/// The part of a platform that one root covers.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Scope {
    /// The environment.
    pub environment: String,
    /// The region, the two regions of a pair, or none for the whole environment.
    pub regions: Vec<String>,
}

impl Scope {
    /// One region of an environment.
    pub fn region(environment: &str, region: &str) -> Scope {
        Scope { environment: environment.to_owned(), regions: vec![region.to_owned()] }
    }

    /// The path of the root of a layer with this scope, below the folder of all roots and below the store of states.
    pub fn path(&self, layer: Layer) -> String {
        layer.pattern().replace("ENVIRONMENT", &self.environment).replace("REGION", &self.regions.join("--"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_layer_and_scope() {
        let scope = |regions: &[&str]| Scope { environment: "dev".into(), regions: regions.iter().map(ToString::to_string).collect() };
        let paths = Layer::ALL.iter().map(|layer| match layer {
            Layer::Bootstrap | Layer::Global => scope(&[]).path(*layer),
            Layer::Network | Layer::Cluster | Layer::Data => Scope::region("dev", "a").path(*layer),
            Layer::Interconnect => scope(&["a", "b"]).path(*layer),
        });
        let paths: Vec<String> = paths.collect();
        assert_eq!(paths, ["bootstrap/dev", "dev/global", "dev/a/network", "dev/a/cluster", "dev/a/data", "dev/interconnect/a--b"]);
        let layers: Vec<Option<Layer>> = paths.iter().map(|path| Layer::of_folder(&format!("{FOLDER}/{path}"))).collect();
        assert_eq!(layers, Layer::ALL.iter().copied().map(Some).collect::<Vec<_>>());
        assert_eq!(Layer::named("network"), Some(Layer::Network));
        // Environments and regions may have the names of layers.
        for (folder, layer) in [
            ("terraform/data/a/network", Some(Layer::Network)),
            ("terraform/cluster/global/data", Some(Layer::Data)),
            ("terraform/bootstrap/data", Some(Layer::Bootstrap)),
            ("terraform/global/interconnect/a--b", Some(Layer::Interconnect)),
            ("terraform/dev/queue", None),
            ("terraform/dev/a/network/modules", None),
            ("dev/a/network", None),
        ] {
            assert_eq!(Layer::of_folder(folder), layer, "{folder}");
        }
    }
}
