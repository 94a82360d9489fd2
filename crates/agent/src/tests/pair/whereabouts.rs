//! Where an agent can be reached is told while its sessions live, and not only when they begin.

use outport_protocol::control::{Candidate, CandidateKind};

use super::*;

#[tokio::test]
async fn an_address_that_the_owner_names_is_told_to_the_peers_of_living_sessions_and_to_a_hub_that_was_away()
 {
    let mut pair = Pair::new().await;
    pair.limit = RateLimit::new(10_000_000).ok(); // it lives for as long as it is looked at
    pair.write_large().await;
    let session = pair.begin("large", "copy").await;
    pair.wait_until_moving(session).await;
    let file = config_file(&pair.right.paths);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}[network]\nadvertise = [\"203.0.113.7:7441\"]\n")).unwrap();
    assert_eq!(first_of(&mut pair.to_right, session).await, advertised());
    let shown = pair.right.wait_for(|state| !state.reach.advertised.is_empty()).await;
    assert_eq!(shown.reach.advertised, ["203.0.113.7:7441"]);

    // Nobody heard what was told meanwhile.
    drop(pair.to_right);
    pair.to_right = pair.right.hub.accept().await;
    assert_eq!(first_of(&mut pair.to_right, session).await, advertised());
    pair.end().await;
}

/// What a session's side names first, of all at which it can be reached, once that is not its own.
async fn first_of(channel: &mut Channel, session: SessionId) -> Candidate {
    channel
        .hear_until(|message| match message {
            AgentMessage::Candidates { session: of, candidates } if *of == session => {
                candidates.first().filter(|first| first.kind != CandidateKind::Local).copied()
            }
            _ => None,
        })
        .await
}

fn advertised() -> Candidate {
    Candidate { address: "203.0.113.7:7441".parse().unwrap(), kind: CandidateKind::Advertised }
}
