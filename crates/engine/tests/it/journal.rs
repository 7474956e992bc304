//! The journal in memory fulfils the contract of every journal.

use engine::memory::Memory;
use engine::testkit::contract;

#[tokio::test]
async fn the_journal_in_memory_keeps_every_promise() {
    contract::holds(&Memory::new()).await;
}
