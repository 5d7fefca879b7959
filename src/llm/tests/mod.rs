//! Tests of the whole: the catalog against scripted providers, and the parts that need none.

mod catalog;
mod demo;
mod discovery;
pub(in crate::llm) mod provider;
mod sse;
mod stored;
