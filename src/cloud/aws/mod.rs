//! Amazon Web Services: the Terraform roots of an environment and its regions.

pub mod network;
mod text;

use super::Page;
use crate::model::{Platform, Region};

/// The network root of a region; none without a network, an account or a place for the state.
pub fn network_pages(platform: &Platform, region: &Region, owns_account: bool) -> Option<Vec<Page>> {
    let state = network::State {
        bucket: platform.state_bucket(region.account.as_deref()?),
        region: platform.state_region.as_ref()?.to_string(),
        key_alias: platform.state_key(),
    };
    network::Network::new(platform, region, state, owns_account).map(|network| network::network(&network))
}
