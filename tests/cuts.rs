//! A stream that is cut anywhere and resumed comes to the whole answer: random answers, cut at every event and at random bytes.
//!
//! `LOQUAT_CUT_SEED` repeats a run; a run that fails prints its own.

use std::time::Duration;

use loquat::entity::answer_chunk::Kind;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Response;

use crate::harness::client::answer_of;
use crate::harness::database;
use crate::harness::events::{self, Event, Events};
use crate::harness::{Person, Provider, Script, Server, within};

const END: u64 = 9_007_199_254_740_991;
const WORDS: [&str; 8] = ["ja ", "né", "終わり", "😀", "\r\n", "\"\\", "e\u{301}", "\u{fffd} "];

/// What a model says: parts of one kind each, from a letter to more than goes into one event.
///
/// It does not end in white space: where nothing else has been said, that is held back, because thinking may follow it.
fn answer(random: &mut StdRng) -> Vec<(Kind, String)> {
    let mut said: Vec<(Kind, String)> = (0..random.random_range(1..24))
        .map(|_| {
            let kind = if random.random_range(0..3) == 0 { Kind::Reasoning } else { Kind::Text };
            let most = [1, 3, 40, 9000][random.random_range(0..4)];
            let words = random.random_range(1..=most);
            (kind, (0..words).map(|_| WORDS[random.random_range(0..WORDS.len())]).collect())
        })
        .collect();
    if let Some((_, last)) = said.last_mut().filter(|(_, last)| last.ends_with(char::is_whitespace)) {
        last.push('.');
    }
    said
}

fn script(said: &[(Kind, String)], pause: Duration) -> Script {
    said.iter().fold(Script::stream(), |script, (kind, text)| {
        let script = if *kind == Kind::Text { script.delta(text) } else { script.reasoning(text) };
        if pause.is_zero() { script } else { script.pause(pause) }
    })
}

/// The kinds and texts in their order, neighbours of one kind as one.
fn merged<'a>(parts: impl Iterator<Item = (Kind, &'a str)>) -> Vec<(Kind, String)> {
    let mut all: Vec<(Kind, String)> = Vec::new();
    for (kind, text) in parts {
        match all.last_mut() {
            Some((last, so_far)) if *last == kind => so_far.push_str(text),
            _ => all.push((kind, text.to_owned())),
        }
    }
    all
}

fn sum<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<(Kind, String)> {
    merged(events.filter_map(|event| match event.name.as_str() {
        "message" => Some((Kind::Text, event.data["delta"].as_str().unwrap())),
        "reasoning" => Some((Kind::Reasoning, event.data["delta"].as_str().unwrap())),
        "snapshot" => panic!("nothing was lost, so nothing has to be replaced"),
        _ => None,
    }))
}

fn length(said: &[(Kind, String)]) -> usize {
    said.iter().map(|(_, text)| text.len()).sum()
}

/// Reads on until all of this has been said.
async fn read_all(response: Response, before: &[Event], whole: &[(Kind, String)]) -> Vec<(Kind, String)> {
    let mut stream = Events::new(response);
    let mut seen = before.to_vec();
    while length(&sum(seen.iter())) < length(whole) {
        seen.push(within(10, "the next event", stream.next()).await.unwrap());
    }
    sum(seen.iter())
}

/// Cuts what one reader got at every event and at random bytes, and resumes from the last id before the cut.
async fn cut_everywhere(ada: &Person, path: (&str, &str), raw: &[u8], whole: &[(Kind, String)], random: &mut StdRng) {
    let boundaries = raw.windows(2).enumerate().filter(|(_, two)| two == b"\n\n").map(|(at, _)| at + 2);
    let bytes: Vec<usize> = (0..20).map(|_| random.random_range(0..raw.len())).collect();
    for cut in boundaries.chain(bytes) {
        let before = events::whole(&raw[..cut]);
        let position = before.iter().rev().find_map(|event| event.id);
        let response = ada.follow(path.0, path.1, position).await;
        if position == Some(END) {
            assert_eq!(response.status(), 204);
            assert_eq!(sum(before.iter()), whole);
        } else {
            assert!(read_all(response, &before, whole).await == whole, "cut at byte {cut} of {}", raw.len());
        }
    }
}

/// The run's seed, printed for when it fails.
fn seed() -> u64 {
    let chosen = std::env::var("LOQUAT_CUT_SEED");
    let seed = chosen.map_or_else(|_| rand::random::<u32>().into(), |seed| seed.parse().unwrap());
    #[expect(clippy::print_stdout, reason = "cargo shows it when the test fails")]
    {
        println!("LOQUAT_CUT_SEED={seed}");
    }
    seed
}

/// A server that waits for its model for as long as a test cuts, which on a busy machine is long.
async fn patient_server(kind: database::Kind, provider: &Provider) -> Server {
    let provider = provider.configured();
    Server::with(kind, move |config| {
        config.providers = vec![provider];
        config.limits.provider.silence = None;
        config.limits.provider.total = None;
    })
    .await
}

on_both_databases! {
    async fn an_answer_cut_anywhere_and_resumed_is_whole(kind) {
        let mut random = StdRng::seed_from_u64(seed());
        for round in 0..4 {
            let said = answer(&mut random);
            let whole = merged(said.iter().map(|(kind, text)| (*kind, text.as_str())));
            let provider = Provider::always(script(&said, Duration::ZERO).gate().end()).await;
            let server = patient_server(kind, &provider).await;
            let ada = server.person("ada").await;
            let project = ada.project().await;
            let answer = answer_of(&ada.ask(&project, "Say something").await);
            // While it is being written …
            let mut live = ada.events(&project, &answer, None).await;
            let mut seen = Vec::new();
            while length(&sum(seen.iter())) < length(&whole) {
                seen.push(within(10, "the next event", live.next()).await.unwrap());
            }
            assert!(sum(seen.iter()) == whole, "round {round}");
            cut_everywhere(&ada, (&project, &answer), &live.raw.clone(), &whole, &mut random).await;
            provider.open();
            live.until("end").await;
            cut_everywhere(&ada, (&project, &answer), &live.raw.clone(), &whole, &mut random).await;
            // … and afterwards, as the database has it.
            let mut finished = ada.events(&project, &answer, None).await;
            assert!(sum(finished.rest().await.iter()) == whole, "round {round}");
            cut_everywhere(&ada, (&project, &answer), &finished.raw.clone(), &whole, &mut random).await;
            assert_eq!(provider.calls().len(), 1);
        }
    }

    async fn a_client_that_is_cut_off_again_and_again_while_the_model_speaks_has_all_of_it(kind) {
        let mut random = StdRng::seed_from_u64(seed());
        for round in 0..4 {
            let said = answer(&mut random);
            let whole = merged(said.iter().map(|(kind, text)| (*kind, text.as_str())));
            let provider = Provider::always(script(&said, Duration::from_millis(4)).end()).await;
            let server = patient_server(kind, &provider).await;
            let ada = server.person("ada").await;
            let project = ada.project().await;
            let answer = answer_of(&ada.ask(&project, "Say something").await);
            let (mut seen, mut position): (Vec<Event>, Option<u64>) = (Vec::new(), None);
            while position != Some(END) {
                let mut stream = ada.events(&project, &answer, position).await;
                for _ in 0..random.random_range(1..5) {
                    let Some(event) = stream.next().await else { break };
                    position = event.id.or(position);
                    seen.push(event);
                }
            }
            let seen = sum(seen.iter());
            let short = |said: &[(Kind, String)]| said.iter().map(|(kind, text)| (*kind, text.len())).collect::<Vec<_>>();
            let place = format!("round {round}: {:?} of {:?}", short(&seen), short(&whole));
            assert!(seen == whole, "{place}");
            assert_eq!(provider.calls().len(), 1);
        }
    }
}
