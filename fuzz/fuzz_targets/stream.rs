//! The reader of providers' streams, from bytes to text: however a stream is cut, it comes to the same, within bounds.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| loquat::llm::fuzzing::read_stream(input));
