//! What is refused where, however it is written.

use super::*;

fn rules(allowed: &[&str]) -> Rules {
    Rules::new(allowed.iter().map(|text| AllowedHost::parse(text).unwrap()).collect())
}

fn way(allowed: &[&str], url: &str) -> Result<Way, Refused> {
    rules(allowed).way(&url.parse().unwrap())
}

#[test]
fn an_address_is_judged_in_every_notation() {
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0x7F.0x0.0x0.0x1",
        "017700000001",
        "0177.0.0.01",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ] {
        let judged = way(&[], &format!("http://{host}:11434/v1"));
        assert_eq!(judged, Err(Refused("this machine itself")), "{host}");
    }
    for host in ["169.254.169.254", "2852039166", "0xa9fea9fe", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]"] {
        assert_eq!(
            way(&[], &format!("https://{host}/v1")),
            Err(Refused("that of a cloud's metadata service")),
            "{host}"
        );
    }
    assert_eq!(way(&[], "https://1.1.1.1/v1"), Ok(Way::Checked));
    assert_eq!(way(&[], "https://api.example.org/v1"), Ok(Way::Checked));
}

#[test]
fn what_the_operator_names_is_free() {
    assert_eq!(way(&["ollama:11434"], "http://ollama:11434/v1"), Ok(Way::Free));
    assert_eq!(way(&["ollama:11434"], "http://ollama:22/v1"), Ok(Way::Checked));
    assert_eq!(way(&["api.example.org:443"], "https://api.example.org/v1"), Ok(Way::Free));
    assert_eq!(way(&["10.0.0.0/8"], "http://10.1.2.3:8000/v1"), Ok(Way::Free));
    assert_eq!(way(&["10.1.2.3:8000"], "http://10.1.2.3:22/v1"), Err(Refused("in a private network")));
    // A name that was not named may still lead into a network that was.
    assert_eq!(way(&["10.0.0.0/8"], "http://inside.example.org/v1"), Ok(Way::Checked));
}

#[test]
fn of_what_a_name_leads_to_only_the_public_is_left() {
    let at = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
    let mixed = vec![at("127.0.0.1"), at("1.1.1.1"), at("::1"), at("2606:4700::1111"), at("10.0.0.1")];
    assert_eq!(rules(&[]).left(mixed.clone()), Ok(vec![at("1.1.1.1"), at("2606:4700::1111")]));
    assert_eq!(rules(&["10.0.0.0/8"]).left(mixed), Ok(vec![at("1.1.1.1"), at("2606:4700::1111"), at("10.0.0.1")]));
    assert_eq!(rules(&[]).left(vec![at("10.0.0.1"), at("::1")]), Err(Refused("this machine itself")));
    assert_eq!(
        rules(&["10.0.0.0/8"]).left(vec![at("169.254.169.254")]),
        Err(Refused("that of a cloud's metadata service"))
    );
    assert_eq!(rules(&[]).left(Vec::new()), Ok(Vec::new()));
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused_by_the_lookup_itself() {
    let refused = Lookup::checked(rules(&[])).find("localhost".to_owned()).await.unwrap_err();
    assert_eq!(refusal(&*refused), Some(Refused("this machine itself")));
    assert!(Lookup::free().find("localhost".to_owned()).await.unwrap().all(|found| found.ip().is_loopback()));
    let allowed = Lookup::checked(rules(&["127.0.0.0/8", "::1"])).find("localhost".to_owned()).await;
    assert!(allowed.unwrap().next().is_some());
}
