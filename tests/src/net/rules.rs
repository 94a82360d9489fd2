//! What routers and firewalls do, in the words of nftables.

use super::PROXY_PORT;

/// Nothing comes in, or through from outside, that was not asked for.
pub(super) const FIREWALL: &str = r#"table inet firewall {
    chain to_itself {
        type filter hook input priority filter; policy drop;
        ct state established,related accept
        meta l4proto ipv6-icmp accept
        iifname { "lo", "in" } accept
    }
    chain through_it {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "in" accept
        iifname "nat64" oifname "out" accept
    }
}"#;

/// Nothing goes through, and the router itself takes connections to the proxy on it alone.
pub(super) fn only_the_proxy() -> String {
    format!(
        r#"table ip firewall {{
            chain to_itself {{
                type filter hook input priority filter; policy drop;
                ct state established,related accept
                iifname "lo" accept
                iifname "in" tcp dport {PROXY_PORT} accept
            }}
            chain through_it {{ type filter hook forward priority filter; policy drop; }}
        }}"#
    )
}

/// What goes out carries the router's own address.
pub(super) const TRANSLATION: &str = r#"table ip translation {
    chain outwards { type nat hook postrouting priority srcnat; oifname "out" masquerade; }
}"#;

/// What goes out carries the router's own address and a port at random, another one for each target.
pub(super) const SCRAMBLING: &str = r#"table ip translation {
    chain outwards {
        type nat hook postrouting priority srcnat;
        oifname "out" masquerade random,fully-random;
    }
}"#;

/// No UDP passes, whoever asked for it; not by the router itself either.
pub(super) const WALL: &str = r#"table inet wall {
    chain through_it { type filter hook forward priority filter - 1; meta l4proto udp drop; }
    chain by_itself { type filter hook output priority filter - 1; meta l4proto udp drop; }
}"#;

/// What comes by IPv6 is never heard of again.
pub(super) const SWALLOW: &str = r#"table ip6 swallow {
    chain whatever_comes {
        type filter hook prerouting priority raw;
        meta l4proto != ipv6-icmp drop
    }
}"#;

/// Whatever comes over UDP goes in, to the one computer behind.
pub(super) fn openness(home: &str) -> String {
    format!(
        r#"table ip openness {{
            chain inwards {{
                type nat hook prerouting priority dstnat;
                iifname "out" meta l4proto udp dnat to {home}
            }}
        }}
        table inet firewall {{
            chain through_it {{ ct status dnat accept; }}
        }}"#
    )
}

/// Whatever comes over UDP to one port goes in, to the one computer behind.
pub(super) fn forwarding(home: &str, port: u16) -> String {
    format!(
        r#"table ip forwarding {{
            chain inwards {{
                type nat hook prerouting priority dstnat;
                iifname "out" udp dport {port} dnat to {home}
            }}
        }}
        table inet firewall {{
            chain through_it {{ ct status dnat accept; }}
        }}"#
    )
}

/// PCP and NAT-PMP are asked at the one port, UPnP at the other.
pub(super) const QUESTIONS: &str = r#"table ip questions {
    chain heard {
        type filter hook prerouting priority raw;
        iifname "in" udp dport { 1900, 5351 } counter
    }
}"#;
