//! The control channel's wire form is pinned here.

use outport_types::{Code, UnixTime};

use super::*;

#[test]
fn frames_read_back_however_they_are_cut() {
    let first = AgentMessage::Goodbye;
    let second = HubMessage::Ping { hub_time: UnixTime::from_seconds(1_769_860_800) };
    let bytes = [encode_frame(&first).unwrap(), encode_frame(&second).unwrap()].concat();
    for cut in 0..bytes.len() {
        let mut decoder = FrameDecoder::default();
        let mut seen = 0;
        for part in [&bytes[..cut], &bytes[cut..]] {
            decoder.push(part);
            while let Some(value) = decoder.poll::<serde_json::Value>().unwrap() {
                assert!(value.get("type").is_some());
                seen += 1;
            }
        }
        assert_eq!(seen, 2, "cut at {cut}");
    }
}

#[test]
fn oversized_and_unknown_messages_are_refused() {
    let mut decoder = FrameDecoder::default();
    decoder.push(&u32::MAX.to_be_bytes());
    assert!(matches!(decoder.poll::<AgentMessage>(), Err(FrameError::TooLong { .. })));
    let mut decoder = FrameDecoder::default();
    decoder.push(&encode_frame(&serde_json::json!({"type": "open_sesame"})).unwrap());
    assert!(matches!(decoder.poll::<AgentMessage>(), Err(FrameError::Malformed(_))));
}

#[test]
fn the_wire_form_is_pinned() {
    let session = SessionId::from_bytes([1; 16]);
    let message = AgentMessage::Session {
        session,
        state: SessionState::Broken {
            problem: Problem::new(Code::NotConnected, [("endpoint", "a#b".into())]),
            retry: true,
        },
    };
    let json = serde_json::to_string(&message).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"type":"session","session":"01010101-0101-0101-0101-010101010101","#,
            r#""state":{"state":"broken","problem":{"code":"NOT_CONNECTED","args":{"endpoint":"a#b"},"#,
            r#""message":"a#b is not connected. Start Outport on that computer, and check its network."},"#,
            r#""retry":true}}"#
        )
    );
    assert_eq!(serde_json::from_str::<AgentMessage>(&json).unwrap(), message);
    let ping = HubMessage::Ping { hub_time: UnixTime::from_seconds(0) };
    assert_eq!(
        serde_json::to_string(&ping).unwrap(),
        r#"{"type":"ping","hub_time":"1970-01-01T00:00:00+00:00"}"#
    );
}
