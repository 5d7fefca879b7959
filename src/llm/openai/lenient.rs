//! JSON in places where providers put other types than the format says: read what fits, read over what does not.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// A whole number that may be absent or come as something else.
#[derive(Clone, Copy, Default)]
pub(super) struct Count(pub(super) Option<u32>);

/// A string that may be absent or come as something else.
#[derive(Default)]
pub(super) struct Word(pub(super) Option<String>);

/// An object whose place may hold anything else.
pub(super) struct Loose<T>(pub(super) Option<T>);

/// A list of objects whose place may hold anything else, in which case it is `None`.
pub(super) struct List<T>(pub(super) Option<Vec<T>>);

impl<T> Default for Loose<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// Parses JSON that `serde_json` alone refuses: lone surrogates and broken characters become U+FFFD.
pub(super) fn lenient_value(data: &[u8]) -> Option<Value> {
    if let Ok(value) = serde_json::from_slice(data) {
        return Some(value);
    }
    let text = String::from_utf8_lossy(data);
    serde_json::from_str(&text).or_else(|_| serde_json::from_str(&without_surrogates(&text))).ok()
}

/// Replaces every surrogate escape, which is only used when one of them is alone. Pairs survive.
fn without_surrogates(json: &str) -> String {
    let bytes = json.as_bytes();
    let unit = |at: usize| {
        let digits = (bytes.get(at..at + 2) == Some(b"\\u")).then(|| json.get(at + 2..at + 6)).flatten()?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut mended = String::with_capacity(json.len());
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', &bytes[at..]) {
        mended.push_str(&json[at..at + found]);
        at += found;
        let length = match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                mended.push('\u{FFFD}');
                at += 6;
                continue;
            }
            (Some(_), _) => 6,
            // The escaped character may be a backslash, which must not be taken for the beginning of another escape.
            (None, _) => 1 + json[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
        mended.push_str(&json[at..at + length]);
        at += length;
    }
    mended.push_str(&json[at..]);
    mended
}

/// What any JSON value is turned into; each kind that fits overrides its method.
trait Reading<'de>: Sized {
    fn absent() -> Self;

    fn number(_: f64) -> Self {
        Self::absent()
    }

    fn text(_: &str) -> Self {
        Self::absent()
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::absent())
    }

    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::absent())
    }
}

impl<'de> Reading<'de> for Count {
    fn absent() -> Self {
        Self(None)
    }

    fn number(number: f64) -> Self {
        // The cast saturates, and a negative count is none.
        Self((number >= 0.0).then_some(number as u32))
    }

    fn text(text: &str) -> Self {
        Self(text.parse().ok())
    }
}

impl<'de> Reading<'de> for Word {
    fn absent() -> Self {
        Self(None)
    }

    fn text(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

impl<'de, T: Deserialize<'de>> Reading<'de> for Loose<T> {
    fn absent() -> Self {
        Self(None)
    }

    fn object<A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|object| Self(Some(object)))
    }
}

impl<'de, T: Deserialize<'de>> Reading<'de> for List<T> {
    fn absent() -> Self {
        Self(None)
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while let Some(Loose(item)) = list.next_element()? {
            items.extend(item);
        }
        Ok(Self(Some(items)))
    }
}

struct AnyVisitor<T>(PhantomData<T>);

impl<'de, T: Reading<'de>> Visitor<'de> for AnyVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::absent())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::absent())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number as f64))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::number(number as f64))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(T::number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::object(object)
    }
}

macro_rules! read_any {
    ($($type:ty $(, $generic:ident)?;)*) => {$(
        impl<'de $(, $generic: Deserialize<'de>)?> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(AnyVisitor(PhantomData))
            }
        }
    )*};
}

read_any!(Count; Word; Loose<T>, T; List<T>, T;);
