//! From the checked model to the bytes of a table, in one call.

use claw_table::{ArmId, GuardId, Table};

use crate::diagram::{AuditedDiagram, Budget, TooLarge, prove, prove_listed};
use crate::flatten::{BuildInfo, flatten};
use crate::model::Model;
use crate::oracle;

/// Why a model does not become a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unbuilt {
    /// It does not fit into a budget.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// Some request reaches no arm.
    #[error("some request reaches no arm: end the route with `otherwise -> …`")]
    Open,
    /// The table holds a guard for met where the policy does not, or the other way round. This is a
    /// fault of the compiler.
    #[error(
        "internal: a request falls to the other side of guard {} in the table: \
         report this policy as a bug in clawc", guard.0
    )]
    Unguarded {
        /// The guard.
        guard: GuardId,
    },
    /// The table decides otherwise than the policy says. This is a fault of the compiler.
    #[error(
        "internal: a request that the policy sends to arm {} falls elsewhere in the table: \
         report this policy as a bug in clawc", arm.0
    )]
    Unfaithful {
        /// The arm that the slow evaluator gives.
        arm: ArmId,
    },
}

/// The bytes of the table of a model. The same model always gives the same bytes.
///
/// # Errors
/// The model does not fit into a budget, or some request reaches no arm.
pub fn build(model: &Model, info: &BuildInfo<'_>) -> Result<Vec<u8>, Unbuilt> {
    finish(&prove(model)?.diagram.ok_or(Unbuilt::Open)?, info)
}

/// The bytes of the table of a proved diagram.
///
/// Made-up requests, one for each arm that any request ends in, are sent through the opened table
/// and through the slow evaluator, which must agree.
///
/// # Errors
/// The table does not fit into its budget.
pub fn finish(proved: &AuditedDiagram<'_>, info: &BuildInfo<'_>) -> Result<Vec<u8>, Unbuilt> {
    let bytes = match flatten(proved, info) {
        // What is small as a diagram of runs may be large as cells.
        Err(why) if why.budget == Budget::TableBytes && !proved.is_listed() => {
            let listed = prove_listed(proved.model())?;
            return finish(&listed.diagram.ok_or(Unbuilt::Open)?, info);
        }
        other => other?,
    };
    replay(proved, &bytes)?;
    Ok(bytes)
}

/// Arms looked at by the slow evaluator, at most. Beyond it, only every n-th request is replayed.
const ARMS_TRIED_MAX: usize = 1 << 19;

fn replay(proved: &AuditedDiagram<'_>, bytes: &[u8]) -> Result<(), Unbuilt> {
    let model = proved.model();
    let witnesses = proved.witnesses();
    let tried = witnesses.len().saturating_mul(model.policy.arms.len()) / 2;
    let table = Table::open(bytes);
    for (arm, request) in witnesses.iter().step_by(1 + tried / ARMS_TRIED_MAX) {
        let arm = *arm;
        let meant = oracle::arm(model, request);
        let falls = table
            .as_ref()
            .ok()
            .and_then(|table| table.decide(request).ok());
        if meant != Some(arm) || falls != Some(arm) {
            return Err(Unbuilt::Unfaithful { arm });
        }
    }
    for (guard, request) in proved.guarded() {
        let mut met = false;
        let read = table
            .as_ref()
            .is_ok_and(|table| table.guards(&request, |one| met |= one == guard).is_ok());
        if !read || met != oracle::guards(model, guard, &request) {
            return Err(Unbuilt::Unguarded { guard });
        }
    }
    Ok(())
}
