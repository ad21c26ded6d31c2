//! What a policy forbids is refused before any route, by the guard that answers for all that match.

use crate::ask;
use crate::house::{House, policy};
use crate::provider::{self, Conduct};

#[tokio::test]
async fn a_guard_refuses_before_every_route_and_log_and_answer_name_it() {
    let url = format!("http://{}/v1", provider::start(Conduct::Answer, None).await);
    let guards = "
forbid words when model is \"any\" deny 422 \"name a model\"
forbid shut  when host is \"shut.example\"
forbid adieu when host is \"shut.example\" and method is POST deny 400 \"this house is shut\"
";
    let house = House::start(&format!("{}{guards}", policy(&url, "m", "key none")));
    let chat = ask::chat(house.listen());

    // Both `shut` and `adieu` need only the head and so come before `words`; the name decides.
    let shut = chat.replace(&format!("host: {}", house.listen()), "host: shut.example");
    let answer = ask::exchange(house.listen(), &shut).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(
        answer
            .body
            .contains("this house is shut (rule forbid adieu)"),
        "{answer:?}"
    );

    let answer = ask::exchange(house.listen(), &chat).await;
    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains("policy_denied"), "{answer:?}");

    let free = chat.replace("\"any\"", "\"new\"");
    let answer = ask::exchange(house.listen(), &free).await;
    assert_eq!(answer.status, 200, "{answer:?}");

    let (log, _) = house.end();
    for named in ["forbid adieu", "forbid words", "main/1"] {
        let arm = format!("\"arm\":\"{named}\"");
        assert_eq!(log.matches(&arm).count(), 1, "{log}");
    }
}
