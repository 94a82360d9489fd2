//! Where a hub's and a relay's UDP ports are.

use std::{net::SocketAddr, time::Duration};

use tokio::{net::lookup_host, time::timeout};

/// The first address of each family of a place `host:port`, in the order in which the system tells
/// them; none when it does not know the name in time.
pub(crate) async fn lookup(place: &str, limit: Duration) -> Vec<SocketAddr> {
    match timeout(limit, lookup_host(place)).await {
        Ok(Ok(found)) => one_of_each_family(found),
        Ok(Err(_)) | Err(_) => {
            // Behind a proxy nobody may know names; what is asked through it is reached all the same.
            tracing::debug!(place, "its address cannot be resolved");
            Vec::new()
        }
    }
}

/// What is enough to be seen through every translation, and to get through on one of two ways.
fn one_of_each_family(found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut kept: Vec<SocketAddr> = Vec::new();
    for address in found {
        if kept.iter().all(|other| other.is_ipv4() != address.is_ipv4()) {
            kept.push(address);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_addresses_the_first_of_each_family_is_asked() {
        let [a, b, c]: [SocketAddr; 3] =
            ["[2001:db8::1]:1", "[2001:db8::2]:1", "192.0.2.1:1"].map(|text| text.parse().unwrap());
        assert_eq!(one_of_each_family([a, b, c].into_iter()), [a, c]);
        assert_eq!(one_of_each_family([c, b].into_iter()), [c, b]);
        let found = ["192.0.2.1:1", "192.0.2.2:1", "[2001:db8::1]:1", "[2001:db8::2]:1"];
        let found = found.map(|address| address.parse().unwrap());
        assert_eq!(one_of_each_family(found.into_iter()), [found[0], found[2]]);
    }

    #[tokio::test]
    async fn a_place_that_nobody_knows_is_nowhere() {
        let limit = Duration::from_secs(5);
        assert_eq!(lookup("127.0.0.1:7", limit).await, ["127.0.0.1:7".parse().unwrap()]);
        assert_eq!(lookup("no port", limit).await, []);
    }
}
