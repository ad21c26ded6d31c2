//! Policies that break what they claim.

/// One bad policy for each construct through which a claim can be broken.
pub(crate) const BAD: &[(&str, &str)] = &[
    (
        "vectors, by their reach: only what makes them is asked",
        "provider maker { api openai; url \"https://v.example/v1\"; key env V; tags us; model vec { price in $1/M; context 8k; can embeddings } }
class best { primary house/small; fallback maker/vec }
route { otherwise -> best }
never leaves reaches provider tagged us",
    ),
    (
        "vectors alone, by their cost",
        "provider maker { api openai; url \"https://v.example/v1\"; key env V; model vec { price in $100/M; context 8k; can embeddings } }
class best { primary maker/vec }
route { when endpoint is embeddings -> best
  otherwise -> deny 400 \"no\" }
never dear costs over $0.70",
    ),
    (
        "a count of tokens, by its reach",
        "provider claude { api anthropic; url \"https://c.example\"; key env C; tags us; model c { can tools } }
class best { primary house/small; fallback claude/c }
route { when endpoint is count-tokens -> best
  otherwise -> deny 400 \"no\" }
never leaves reaches provider tagged us",
    ),
    (
        "a pool in a pool, by its reach",
        "pool one { cloud/large }
pool both { house/small; one }
class best { primary both }
route { otherwise -> best }
never leaves reaches provider tagged us",
    ),
    (
        "a direct arm, by its cost",
        "class code { primary cloud/large; retry once }
route { when model is \"big\" -> code
  otherwise -> deny 400 \"no\" }
never runaway costs over $1.50",
    ),
    (
        "a ceiling of others, one that estimates and one that warns, which bound nothing",
        "class code { primary cloud/large }
class home { primary house/small }
ceiling big { when model is \"big\"; allow $1 per day }
ceiling near { allow $1 per request estimated }
ceiling told { allow $1 per request; then warn }
route { when streaming -> code
  otherwise -> home }
never runaway costs over $1",
    ),
    (
        "a model that is asked for",
        "class asked { primary requested from house, cloud }
route { otherwise -> asked }
never away when header \"x-data\" is \"phi\" reaches cloud/fast",
    ),
    (
        "a fallback of what is asked for",
        "class asked { primary requested from house; fallback cloud/fast }
route { when model like \"sm*\" -> asked
  otherwise -> deny 400 \"no\" }
never away reaches cloud",
    ),
    (
        "a ceiling of the class, by what it moves to",
        "class home { primary house/small; ceiling $9 per day then code }
class code { primary cloud/large }
route { otherwise -> home }
never away when header \"x-data\" is \"phi\" reaches cloud",
    ),
    (
        "two ceilings one after the other, one of them for some requests only",
        "class home { primary house/small }
class mid  { primary house/small; ceiling $9 per day then code }
class code { primary cloud/large }
ceiling busy { when model is \"big\"; allow $400 per month; at 80% then mid }
route { otherwise -> home }
never away when header \"x-data\" is \"phi\" reaches cloud",
    ),
    (
        "a ceiling of a client, by what its requests cost then",
        "client ann { from any; ceiling $9 per day at 50% then code }
class home { primary house/small }
class code { primary cloud/large; retry once }
route { otherwise -> home }
never runaway costs over $1",
    ),
    (
        "numbers of the body, by their cost",
        "class cheap { primary house/small }
class code { primary cloud/large; retry once }
route { when max-output > 3 and temperature > 0.7 and messages > 4 -> code
  otherwise -> cheap }
never runaway when messages < 6 costs over $1.50",
    ),
    (
        "members of the body, by their reach",
        "class cheap { primary house/small }
class code { primary cloud/large; retry once }
route { when body \"/metadata\" is absent -> deny 400 \"say more\"
  when body \"/metadata/tier\" is \"free\", 0, null, false -> cheap
  when session like \"bot-*\" and body \"/metadata/tier\" <= 2.5 -> code
  otherwise -> cheap }
never abroad when body \"/metadata/tier\" > 2 reaches provider tagged us",
    ),
    (
        "keywords of the prompt, by their reach",
        "class cheap { primary house/small }
class code { primary cloud/large; retry once }
route { when prompt mentions \"refund policy\", \"faq\" -> cheap
  when prompt mentions \"refund\", \"invoice\" and not prompt mentions \"voice\" -> code
  otherwise -> cheap }
never abroad when prompt mentions \"refund\" reaches provider tagged us",
    ),
    (
        "an address, by its reach",
        "let offices = 10.0.0.0/8, fe80::/10
class code { primary cloud/large; retry once }
route { when ip in 10.1.0.0/16 -> deny 400 \"no\"
  when ip in offices -> code
  otherwise -> deny 400 \"no\" }
never abroad when ip in offices reaches provider tagged us",
    ),
    (
        "a sub-route, by its cost",
        "class cheap { primary house/small }
class code { primary cloud/large; retry once }
route { when header \"x-team\" is \"ml\" -> route ml
  otherwise -> cheap }
route ml { when header \"x-stage\" is \"final\" -> code
  otherwise -> cheap }
never runaway when header \"x-team\" is \"ml\" costs over $1.50",
    ),
    (
        "a fallback, by its cost",
        "class code { primary house/small; fallback cloud/large; retry once }
route { otherwise -> code }
never runaway costs over $1.50",
    ),
    (
        "the rounds of a retry, by their cost",
        "class code { primary cloud/fast; retry again }
route { otherwise -> code }
never runaway costs over $1",
    ),
    (
        "the rounds of a retry, by their number",
        "class code { primary cloud/fast; retry again }
route { otherwise -> code }
never storms tries over 3",
    ),
    (
        "the default retry, by its number",
        "class code { primary cloud/fast }
route { otherwise -> code }
never storms tries over 2",
    ),
    (
        "a class without a total, by its time",
        "class code { primary house/small; retry once }
route { otherwise -> code }
never hangs takes over 5m",
    ),
    (
        "the attempts of a class, by their time",
        "class code { primary cloud/fast; retry again; timeout total 10m }
route { otherwise -> code }
never hangs when streaming takes over 1m30s",
    ),
    (
        "a plain answer, where a stream would be in time",
        "class code { primary cloud/fast; retry again; timeout total 10m }
route { when streaming -> code
  otherwise -> code2 }
class code2 { primary cloud/fast; retry again; timeout total 10m }
never hangs takes over 2m",
    ),
    (
        "a stream that is shown whole, by its time",
        "class code { primary cloud/fast; retry again; timeout total 10m; commit whole }
route { otherwise -> code }
never hangs when streaming takes over 2m",
    ),
    (
        "a fallback without the tag",
        "class private { primary house/small; fallback cloud/fast }
route { when header \"x-data\" is \"phi\" -> private
  otherwise -> deny 400 \"say what it is\" }
never phi-leaves when header \"x-data\" is \"phi\" reaches provider not tagged eu",
    ),
    (
        "a primary with the tag, through a sub-route",
        "class private { primary house/small }
class best { primary cloud/large }
route { when header \"x-data\" is \"phi\" -> route phi
  otherwise -> best }
route phi { when has images -> best
  otherwise -> private }
never phi-leaves when header \"x-data\" is \"phi\" reaches provider tagged us",
    ),
    (
        "a provider",
        "class best { primary house/small; fallback cloud/large }
route { otherwise -> best }
never leaves reaches cloud",
    ),
    (
        "one target, by the requests that the others cannot carry",
        "class best { primary house/small; fallback cloud/large }
route { when has images -> best
  otherwise -> deny 400 \"no\" }
never leaves reaches cloud/large",
    ),
    (
        "a cost that is not known",
        "class best { primary house/small; fallback far/odd }
route { when tokens > 9k -> best
  otherwise -> deny 400 \"no\" }
never runaway costs over $100",
    ),
    (
        "two classes, and one that keeps to it",
        "class one { primary cloud/large }
class two { primary house/small; fallback cloud/large }
class three { primary house/small }
route { when model is \"1\" -> one
  when model is \"2\", \"3\" -> two
  otherwise -> three }
never runaway costs over $1.50",
    ),
];
