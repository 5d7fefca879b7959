use super::*;

const HERE: Context<'static> = &["providers.api_key", "01a2062a", "https://api.example.org"];

fn vault(key: &str) -> Vault {
    Vault::new(&SecretString::from(key.to_owned()))
}

fn ours() -> Vault {
    vault("0123456789abcdef0123456789abcdef")
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text.to_owned())
}

#[test]
fn what_is_sealed_opens_again_and_shows_nothing() {
    let long = "ü".repeat(5000);
    for text in ["", "k", "sk-canary-0123456789", &long] {
        let sealed = ours().seal(HERE, &secret(text));
        assert_eq!(ours().open(HERE, &sealed).unwrap().expose_secret(), text);
        assert!(ours().sealed(&sealed));
        let bytes = STANDARD_NO_PAD.decode(&sealed).unwrap();
        assert_eq!(bytes.len(), 1 + KEY_ID + NONCE + text.len() + TAG);
        assert!(text.len() < 4 || !bytes.windows(4).any(|four| four == &text.as_bytes()[..4]));
    }
}

#[test]
fn the_same_secret_is_never_sealed_the_same() {
    let all: std::collections::HashSet<_> = (0..1000).map(|_| ours().seal(HERE, &secret("sk"))).collect();
    assert_eq!(all.len(), 1000);
}

#[test]
fn a_change_of_any_bit_is_noticed() {
    let vault = ours();
    let sealed = STANDARD_NO_PAD.decode(vault.seal(HERE, &secret("sk-canary"))).unwrap();
    for place in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[place] ^= 1 << bit;
            let expected = if (1..=KEY_ID).contains(&place) { Locked::OtherKey } else { Locked::Damaged };
            let opened = vault.open(HERE, &STANDARD_NO_PAD.encode(&changed));
            assert_eq!(opened.unwrap_err(), expected, "byte {place}, bit {bit}");
        }
    }
    for length in 0..sealed.len() {
        assert!(vault.open(HERE, &STANDARD_NO_PAD.encode(&sealed[..length])).is_err());
    }
    for rubbish in ["", "AQ", "not base64!", "ÄÖÜ"] {
        assert_eq!(vault.open(HERE, rubbish).unwrap_err(), Locked::Damaged);
    }
}

#[test]
fn a_secret_opens_in_its_own_place_only() {
    let sealed = ours().seal(HERE, &secret("sk"));
    let [table, row, origin] = HERE else { unreachable!() };
    let elsewhere: [Context<'_>; 6] = [
        &[],
        &[table, row],
        &[table, row, "https://evil.example.org"],
        &[table, "01a2062b", origin],
        &["users.totp_secret", row, origin],
        // The same letters, divided otherwise.
        &["providers.api_key01a2062a", "", origin],
    ];
    for context in elsewhere {
        assert_eq!(ours().open(context, &sealed).unwrap_err(), Locked::Damaged, "{context:?}");
    }
}

#[test]
fn another_key_is_told_apart_from_damage() {
    let sealed = ours().seal(HERE, &secret("sk"));
    let other = vault("another key of thirty-two letters!");
    assert_eq!(other.open(HERE, &sealed).unwrap_err(), Locked::OtherKey);
    assert!(!other.sealed(&sealed));
    // Made to look like one of the other key's, it is still none.
    let mut bytes = STANDARD_NO_PAD.decode(&sealed).unwrap();
    bytes[1..=KEY_ID].copy_from_slice(&other.key_id().0);
    assert_eq!(other.open(HERE, &STANDARD_NO_PAD.encode(&bytes)).unwrap_err(), Locked::Damaged);
}

#[test]
fn the_key_is_made_as_it_always_was() {
    // HKDF-SHA256 without salt, written out with another program; whoever changes it locks every stored secret.
    let known = "Af+E+dKGbuH1AAECAwQFBgcICQoLDA0ODxAREhMUFRYX7UpN6dcq+Kqi5kuLEr8JCphXYTP0s7xd+A";
    assert_eq!(format!("{:?}", ours().key_id()), "ff84f9d2866ee1f5");
    assert_eq!(ours().open(HERE, known).unwrap().expose_secret(), "sk-canary");
}
