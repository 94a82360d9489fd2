//! Two agents that took one profile in the same instant.

use super::*;
use crate::EndError;

#[tokio::test(start_paused = true)]
async fn an_agent_that_lost_its_profile_ends_with_the_name_of_who_has_it() {
    let home = TempDir::new().unwrap();
    let paths = Paths::below(home.path(), Profile::default());
    let agent = start(&paths).await;
    let file = paths.state_dir.join("agent.holder");
    fs::write(&file, r#"{"host":"node2","pid":7,"start":"x"}"#).unwrap();
    let ended = agent.join().await.unwrap_err();
    assert!(matches!(&ended, EndError::TakenOver { holder } if holder.host == "node2"));
    let told = ended.to_string();
    assert!(told.contains("node2") && told.contains('7'), "{told}");
    assert!(file.exists(), "the other one's name stays");
}
