//! Loquat: a self-hosted, multi-user chat application for large language models, in one executable.
//!
//! The modules by their names. They stand in layers, each of which imports only what is below it: `tests/contract.rs` holds them.

pub mod api; //       HTTP in, HTTP out: one file per path segment
pub mod app; //       what every request shares
pub mod audit; //     who did what that matters to others
pub mod auth; //      who is calling
pub mod chat; //      what a conversation does
pub mod cli; //       the commands
pub mod clock; //     ids and times
pub mod config; //    the settings
pub mod db; //        connections, transactions, migrations
pub mod entity; //    one file per table
pub mod error; //     what can go wrong
pub mod failpoint; // where a test lets the process die
pub mod files; //     files of the data directory
pub mod http; //      outgoing connections
pub mod limits; //    the limits that administrators set
pub mod llm; //       language models and their vendors' wire formats
pub mod pace; //      how often something may be done
pub mod providers; // model servers that administrators add
pub mod server; //    connections, and what holds for every response
pub mod telemetry; // logs and error reports
pub mod ui; //        the page, from inside the executable
pub mod vault; //     secrets at rest
