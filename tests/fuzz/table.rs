//! Any bytes with digests that fit: no table, or one through which every walk ends in an arm.

use claw_table::policy::Action;
use claw_table::{AtomId, Fact, Facts, Member, Said, Table};

pub fn table(bytes: &[u8]) {
    let mut bytes = bytes.to_vec();
    claw_table::repair(&mut bytes);
    let Ok(table) = Table::open(&bytes) else {
        return;
    };
    for turn in 0..16 {
        let request = Torn {
            bytes: &bytes,
            turn,
        };
        let trace = table.trace(&request);
        let mut fields: Vec<_> = trace.steps.iter().map(|step| step.field).collect();
        fields.sort_unstable();
        fields.dedup();
        assert_eq!(fields.len(), trace.steps.len(), "no fact is asked twice");
        assert!(
            trace.steps.len() <= table.stats().depth,
            "the proof bounds the walk"
        );
        assert_eq!(
            table.decide(&request),
            trace.end,
            "kept steps change nothing"
        );
        match trace.end {
            Ok(arm) => {
                let arm = &table.policy().arms[arm.index()];
                assert_ne!(arm.to, Action::Route, "a walk ends in a class or a refusal");
            }
            Err(claw_table::Unclear::Ambiguous { fact }) => assert!(fact.repeats()),
            Err(claw_table::Unclear::Broken) => panic!("what was proved sound is not broken"),
        }
        let mut met = 0;
        match table.guards(&request, |_| met += 1) {
            Ok(()) => assert!(met <= usize::from(u16::MAX)),
            Err(claw_table::Unclear::Ambiguous { fact }) => assert!(fact.repeats()),
            Err(claw_table::Unclear::Broken) => panic!("what was proved sound is not broken"),
        }
        let atoms: Vec<AtomId> = table
            .fields()
            .iter()
            .map(|field| AtomId((request.pick(field.fact()) % u64::from(field.atoms())) as u16))
            .collect();
        assert!(
            table.decide_atoms(&atoms).is_some(),
            "every row of atoms has an arm"
        );
        for ceiling in &table.policy().ceilings {
            if let claw_table::policy::Scope::When(guard) = ceiling.scope {
                assert!(
                    table.guard_atoms(guard, &atoms).is_some(),
                    "every row of atoms meets a guard or does not"
                );
            }
        }
    }
}

/// A request whose values are torn out of the table's own bytes, so that literals are hit.
struct Torn<'b> {
    bytes: &'b [u8],
    turn: u64,
}

impl Torn<'_> {
    /// A number that depends on the fact and the turn alone.
    fn pick(&self, fact: &Fact) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325 ^ self.turn;
        for byte in format!("{fact:?}").into_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
        hash ^ (hash >> 29)
    }
}

impl Facts for Torn<'_> {
    fn texts(&self, fact: &Fact, mut each: impl FnMut(&[u8])) {
        let pick = self.pick(fact) as usize;
        let values = if fact.repeats() { pick % 3 } else { pick % 2 };
        for value in 0..values {
            let start = (pick >> 7).wrapping_add(value * 31) % self.bytes.len();
            let end = (start + (pick >> 3) % 24).min(self.bytes.len());
            each(&self.bytes[start..end]);
        }
    }

    fn number(&self, fact: &Fact) -> Option<u64> {
        let pick = self.pick(fact);
        (!pick.is_multiple_of(4)).then_some(pick >> (pick % 64))
    }

    fn address(&self, fact: &Fact) -> Option<u128> {
        let pick = self.pick(fact);
        (!pick.is_multiple_of(4)).then_some(u128::from(pick) << (pick % 96))
    }

    fn member(&self, fact: &Fact, mut each: impl FnMut(Member<'_>)) {
        let pick = self.pick(fact);
        match pick % 7 {
            0 => {}
            1 => each(Member::Null),
            2 => each(Member::Flag(pick.is_multiple_of(4))),
            3 => each(Member::Nested),
            4 => each(Member::Number(pick >> (pick % 64))),
            _ => {
                let start = (pick >> 7) as usize % self.bytes.len();
                let end = (start + (pick >> 3) as usize % 24).min(self.bytes.len());
                each(Member::Text(&self.bytes[start..end]));
            }
        }
    }

    fn prompt(&self, mut each: impl FnMut(Said<'_>)) {
        for piece in self.bytes.chunks(64) {
            each(Said::Bytes(piece));
            if piece.first().is_some_and(|byte| byte.is_multiple_of(3)) {
                each(Said::End);
            }
        }
    }

    fn flag(&self, fact: &Fact) -> bool {
        self.pick(fact).is_multiple_of(2)
    }
}
