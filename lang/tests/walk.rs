//! A walk allocates nothing: counted by the allocator itself. A file of its own, for the allocator
//! belongs to the whole process.

use claw_lang::Source;
use claw_lang::oracle::Request;
use claw_table::Table;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

#[test]
fn a_walk_allocates_nothing() {
    let source = Source {
        path: "quickstart.claw".into(),
        text: include_str!("../../examples/quickstart/quickstart.claw").to_owned(),
    };
    let model = claw_lang::check(vec![source.clone()])
        .model
        .expect("the example is sound");
    let proof = claw_lang::diagram::prove(&model).expect("it is small");
    let witnesses = proof.diagram.expect("routes end in otherwise").witnesses();
    let bytes = claw_lang::compile(vec![source])
        .table
        .expect("the example has a table");
    let table = Table::open(&bytes).expect("what was built opens");
    let mut twice = Request::default();
    for value in ["ml", "ops"] {
        twice.headers.push(("x-team".to_owned(), value.into()));
    }

    let _profiler = dhat::Profiler::builder().testing().build();
    let mut reached = Vec::with_capacity(witnesses.len() + 1);
    let before = dhat::HeapStats::get().total_blocks;
    for (_, request) in &witnesses {
        reached.push(table.decide(request));
    }
    reached.push(table.decide(&twice));
    let after = dhat::HeapStats::get().total_blocks;
    assert_eq!(after, before, "{} walks", reached.len());

    for ((arm, _), found) in witnesses.iter().zip(&reached) {
        assert_eq!(Ok(*arm), *found);
    }
    drop(table.trace(&twice));
    assert!(
        dhat::HeapStats::get().total_blocks > after,
        "the allocator counts"
    );
}
