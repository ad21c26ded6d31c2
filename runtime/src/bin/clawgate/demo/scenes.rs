//! The scenes of the show. Each says what was not as it should be.

use super::ask::{self, Answer};
use super::house::{House, Record};
use super::paint::Paint;

const QUESTION: &str = "what happens when you break?";

/// A question, answered by the primary.
pub(super) async fn first_answer(paint: &Paint, house: &mut House) -> Result<Vec<String>, String> {
    paint.scene(1, "A question, streamed");
    let (answer, record) = question(paint, house, None).await?;
    let mut wrong = Wrong::default();
    answered(&mut wrong, (&answer, &record), "primary/large");
    wrong.differs("attempts", (answer.header("x-claw-attempts"), "1"));
    Ok(wrong.judged(paint, "relayed as it came, its usage read as it passed"))
}

/// The primary dies; the same question is answered by the backup.
pub(super) async fn failover(paint: &Paint, house: &mut House) -> Result<Vec<String>, String> {
    paint.scene(2, "The primary dies. The same question again");
    house.primary.down().await;
    let (answer, record) = question(paint, house, None).await?;
    let up = house.primary.up().await;
    up.map_err(|error| format!("the primary does not come back: {error}"))?;
    let mut wrong = Wrong::default();
    answered(&mut wrong, (&answer, &record), "backup/large");
    // Nobody listened at the primary, so one request was put on the wire.
    wrong.differs("attempts", (answer.header("x-claw-attempts"), "1"));
    let (target, cause) = record.attempts().into_iter().next().unwrap_or_default();
    let failed = format!("{target} {}", cause.unwrap_or_default());
    wrong.differs("the first attempt", (&failed, "primary/large connect"));
    let remark = "one clean answer: until the first word, a failure stays invisible";
    Ok(wrong.judged(paint, remark))
}

/// The answer breaks off after words were shown.
pub(super) async fn honest_cut(paint: &Paint, house: &mut House) -> Result<Vec<String>, String> {
    paint.scene(3, "The answer breaks off after words were shown");
    let (answer, record) = question(paint, house, Some("drip 30ms, cut after 7")).await?;
    let mut wrong = Wrong::default();
    wrong.found(answer.text.is_empty(), "no word came before the cut");
    wrong.found(answer.done, "a cut answer was passed off as whole");
    let code = answer.error.as_ref().map_or("", |(code, _)| code);
    wrong.differs("the error's code", (code, "upstream_cut"));
    wrong.differs("the outcome in the log", (record.text("/outcome"), "cut"));
    let remark = "an error that every client raises: a cut answer is never passed off as whole";
    Ok(wrong.judged(paint, remark))
}

async fn question(
    paint: &Paint,
    house: &mut House,
    script: Option<&str>,
) -> Result<(Answer, Record), String> {
    paint.question(QUESTION);
    let answer = ask::stream(house.gateway, script, QUESTION, Paint::word).await?;
    paint.ending(&answer);
    let id = answer.header("x-request-id").to_owned();
    let record = house.record(&id).await?;
    paint.decision(&record, house);
    Ok((answer, record))
}

/// A whole answer from this target, with everything that must go with it.
fn answered(wrong: &mut Wrong, (answer, record): (&Answer, &Record), target: &str) {
    let server = target.split('/').next().unwrap_or_default();
    let begins = format!("This is {server}, a simulated provider");
    let right = answer.text.starts_with(&begins) && answer.text.ends_with(QUESTION);
    wrong.found(!right, &format!("the answer is `{}`", answer.text));
    let whole = answer.status == 200 && answer.done && answer.error.is_none() && !answer.broken;
    wrong.found(!whole, &format!("the answer is not whole: {answer:?}"));
    wrong.differs("the class", (answer.header("x-claw-class"), "code"));
    wrong.differs("the target", (answer.header("x-claw-target"), target));
    let digest = answer.header("x-claw-policy");
    wrong.differs("the digest in the log", (record.text("/policy"), digest));
    // The simulator counts a token for each word.
    let words = answer.text.split_whitespace().count().to_string();
    let output = record.number("/tokens/output").unwrap_or_default();
    wrong.differs("the output in the log", (&output, &words));
}

/// What is not as it should be.
#[derive(Debug, Default)]
struct Wrong(Vec<String>);

impl Wrong {
    #[expect(
        clippy::fn_params_excessive_bools,
        reason = "a condition, as in an assertion"
    )]
    fn found(&mut self, fault: bool, what: &str) {
        self.0.extend(fault.then(|| what.to_owned()));
    }

    /// Shows what the scene has shown, or what was wrong with it.
    fn judged(self, paint: &Paint, remark: &str) -> Vec<String> {
        if self.0.is_empty() {
            paint.remark(remark);
        }
        for what in &self.0 {
            paint.fault(what);
        }
        self.0
    }

    fn differs(&mut self, what: &str, (is, should): (&str, &str)) {
        let fault = is != should;
        self.found(fault, &format!("{what}: `{is}` in place of `{should}`"));
    }
}
