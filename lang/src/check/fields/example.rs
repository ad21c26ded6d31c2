//! What each field looks like, for whoever wrote it otherwise.

/// How a field is written.
pub(super) fn example(block: &str, word: &str) -> &'static str {
    match (block, word) {
        ("test" | "request", word) => in_test(word),
        ("ceiling" | "limit" | "cache" | "notify" | "requested", _) => {
            example_of_bounds(block, word)
        }
        ("client", "key") => "key sha256 \"…64 digits…\"`, or `key sha256 file \"path\"",
        ("gateway", "listen") => "listen \"127.0.0.1:8080\"",
        ("gateway", "admin") => "admin \"127.0.0.1:9090\"",
        (_, "from") => "from 10.0.0.0/8, fe80::/10`, or `from any",
        (_, "auth") => "auth ignore",
        (_, "api") => "api openai",
        (_, "url") => {
            "url \"https://api.example.com/v1\"` or `url \"http://10.0.0.1/v1\" weight 3, \"http://10.0.0.2/v1\""
        }
        (_, "key") => "key env NAME`, `key file \"path\"` or `key none",
        (_, "health") => {
            "health { probe GET \"/v1/models\" every 15s; eject after 5 failures in 30s for 30s }"
        }
        (_, "probe") => "probe GET \"/v1/models\" every 15s",
        (_, "eject") => "eject after 5 failures in 30s for 30s",
        (_, "slow-start") => "slow-start 30s",
        ("provider", "limit") => "limit 50 concurrent, 2M tokens per minute",
        (_, "ca") => "ca \"roots.pem\"",
        (_, "header") => "header \"x-title\" \"claw\"",
        (_, "tags") => "tags us, baa",
        ("provider", "timeout") => "timeout connect 2s, first-token 20s, idle 30s, attempt 10m",
        (_, "timeout") => "timeout first-token 20s, total 5m",
        (_, "model") => "model NAME { price in $5/M, out $30/M; context 400k }",
        (_, "models") => "models catalog openai",
        (_, "snapshot") => "snapshot 2026-11-21",
        (_, "shutdown") => "shutdown 2026-12-11",
        (_, "price") => "price in $5/M, out $30/M` or `price above 200k in $10/M, out $45/M",
        (_, "context") => "context 400k",
        (_, "max-output") => "max-output 128k",
        (_, "can") => "can tools, images, json-schema",
        (_, "on") => "on connect, timeout, overloaded, 429, 500..599",
        (_, "attempts") => "attempts 3",
        (_, "backoff") => "backoff 200ms..5s",
        (_, "honor") => "honor retry-after up to 10s",
        (_, "primary") => "primary PROVIDER/MODEL",
        (_, "require") => "require TAG, TAG",
        (_, "balance") => "balance weighted` or `balance round-robin sticky client",
        (_, "fallback") => "fallback PROVIDER/MODEL, PROVIDER/MODEL",
        (_, "retry") => "retry NAME",
        (_, "commit") => "commit first-content",
        (_, "after-cut") => "after-cut error",
        (_, "fail") => "fail closed",
        _ => example_of_bounds(block, word),
    }
}

/// How a field is written that bounds traffic or changes it.
fn example_of_bounds(block: &str, word: &str) -> &'static str {
    match (block, word) {
        ("gateway", "trust") => "trust 10.0.0.2 via proxy-protocol",
        ("gateway", "state") => "state embedded \"var/claw\"` or `state redis env REDIS_URL",
        ("gateway", "base") => "base \"/v1/openai\"",
        ("notify", "webhook") => "webhook \"https://hooks.example.com/claw\" key env HOOK_SECRET",
        ("notify", "on") => "on failover, ceiling, eject, reload-failed",
        ("limit", "allow") => "allow 600 requests per minute burst 100, 32 concurrent",
        ("limit", "per") => "per client, header \"x-team\"",
        ("limit" | "cache", "fail") => "fail closed",
        ("cache", "keep") => "keep 1h",
        ("cache", "size") => "size 256MB",
        ("cache", "coalesce") => "coalesce",
        ("cache", "shared") => "shared",
        ("class", "cache") => "cache NAME",
        (_, "set") => "set header \"x-title\" \"claw\", default temperature 0, top_p 0.9",
        (_, "unset") => "unset header \"x-title\", temperature",
        ("class", "keys") => "keys caller",
        ("class", "heartbeat") => "heartbeat 15s` or `heartbeat off",
        ("class", "min-output") => "min-output 2k",
        ("requested", "primary") => "primary requested from PROVIDER, PROVIDER",
        ("requested", _) => "fallback requested from PROVIDER, PROVIDER",
        ("ceiling", "allow") => "allow $400 per month \"Europe/Berlin\"",
        ("ceiling", "at") => "at 80% then CLASS",
        ("ceiling", "then") => "then deny`, `then warn` or `then CLASS",
        ("ceiling", "per") => "per client` or `per header \"x-team\"",
        ("class" | "client", "ceiling") => {
            "ceiling $3 per request` or `ceiling $200 per day per client at 80% then CLASS"
        }
        _ => "FIELD VALUE",
    }
}

/// How a line of a test is written.
fn in_test(word: &str) -> &'static str {
    match word {
        "request" => "request { header \"x-team\" \"ml\"; model \"gpt-5.5\"; tokens 2k }",
        "fault" => {
            "fault PROVIDER down`, `fault PROVIDER/MODEL 503`, `fault PROVIDER key 2 429, retry-after 5s`, `fault PROVIDER slow 30s` or `fault PROVIDER cut after 5 events"
        }
        "expect" => {
            "expect class NAME`, `class NAME because ceiling NAME`, `served by P/M`, `tried P/M, P/M`, `attempts 2`, `denied 400 by NAME`, `failed 502`, `cost at most $0.50` or `arm \"main/1\""
        }
        "header" | "query" => "header \"x-team\" \"ml\"",
        "has" => "has tools, images",
        "streaming" => "streaming",
        "draw" => "draw 97%",
        "at" => "at 2026-11-21 10:00 \"Europe/Berlin\"",
        "spent" => "spent ceiling NAME $321",
        "tokens" => "tokens 2k",
        "messages" => "messages 50",
        "max-output" => "max-output 4k",
        "temperature" => "temperature 0.7",
        "session" => "session \"abc\"",
        "prompt" => "prompt \"what stands in it\"",
        "body" => "body \"/metadata/tier\" \"gold\"",
        "ip" => "ip 10.0.0.5",
        "client" => "client NAME",
        "endpoint" => "endpoint embeddings",
        "method" => "method GET",
        "path" => "path \"/v1/models\"",
        "host" => "host \"gate.example.com\"",
        "model" => "model \"gpt-5.5\"",
        _ => "FIELD VALUE",
    }
}
