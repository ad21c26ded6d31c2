//! Results for programs.

use serde_json::{Value, json};

use super::Told;
use crate::testing::course::{Billed, End};
use crate::testing::{Outcome, target};

impl Told<'_> {
    /// Every test with its course, and the coverage.
    pub fn json(&self) -> String {
        let coverage = self.coverage.map(|it| {
            let uncovered = it.uncovered.iter().map(|left| {
                json!({
                    "arm": left.arm,
                    "place": self.found.place(left.span),
                    "test": left.test,
                })
            });
            json!({
                "arms": { "covered": it.arms.0, "all": it.arms.1 },
                "leaves": { "covered": it.leaves.0, "all": it.leaves.1 },
                "percent": it.percent(),
                "uncovered": uncovered.collect::<Vec<Value>>(),
            })
        });
        let tests = self.outcomes.iter().map(|outcome| self.test(outcome));
        let whole = json!({
            "version": 1,
            "passed": self.outcomes.len() - self.failed(),
            "failed": self.failed(),
            "tests": tests.collect::<Vec<Value>>(),
            "coverage": coverage,
        });
        // A value of texts and numbers can always be written.
        serde_json::to_string_pretty(&whole).unwrap_or_default()
    }

    fn test(&self, outcome: &Outcome) -> Value {
        let policy = &self.model.policy;
        let course = &outcome.course;
        let failures = outcome.failures.iter().map(|found| {
            json!({
                "message": found.message,
                "place": self.found.place(found.primary.span),
                "path": found.help,
            })
        });
        let tried = course.tried.iter().map(|turn| {
            let (sent, cause) = match &turn.end {
                End::Served => (true, None),
                End::Unsent(why) => (false, Some(why)),
                End::Failed(why) => (true, Some(why)),
            };
            json!({
                "target": target(policy, turn.target),
                "key": turn.key + 1,
                "url": turn.url + 1,
                "sent": sent,
                "cause": cause,
            })
        });
        let class = course.class.and_then(|id| policy.classes.get(id.index()));
        json!({
            "title": self.of(outcome).map(|test| &test.title),
            "place": self.place(outcome),
            "passed": outcome.failures.is_empty(),
            "arm": course.arm,
            "class": class.map(|class| &class.name),
            "denied": course.denied,
            "because": course.because,
            "tried": tried.collect::<Vec<Value>>(),
            "attempts": course.attempts(),
            "served": course.served.map(|by| target(policy, by)),
            "failed": course.failed,
            "took_ms": course.took_ms,
            "cost_pico_max": match course.billed {
                // A number of JSON is read as a double by many, which this one would not survive.
                Billed::AtMost(cost) => Some(cost.to_string()),
                Billed::Unknown(..) => None,
            },
            "failures": failures.collect::<Vec<Value>>(),
        })
    }
}
