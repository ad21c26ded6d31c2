"""The official OpenAI SDK, unmodified but for its base URL, against the real gateway."""

import asyncio
import json
import subprocess
import sys
import unittest

import openai

from house import CLAWGATE, PROVIDER_KEY, House

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            },
        },
    }
]
ASK = {"model": "auto", "messages": [{"role": "user", "content": "hello from Python"}]}
PRIMARY = "This is primary, a simulated provider, as sim-large. You said: hello from Python"
BACKUP = "This is backup, a simulated provider, as sim-small. You said: hello from Python"


def setUpModule():
    global HOUSE
    HOUSE = House()


def tearDownModule():
    code = HOUSE.stop()
    assert code == 0, f"the gateway ended with {code}, told to stop"


def client(kind=openai.OpenAI):
    # Bounded, and with the SDK's own two retries in force: the gateway must know how to stop them.
    return kind(base_url=HOUSE.url, api_key="sk-any", timeout=20.0)


def sim(script):
    return {"x-sim": script}


def read(stream):
    """A stream as text, roles, finish reasons and usages; raises what the SDK raises."""
    text, roles, finishes, usages = "", [], [], []
    for chunk in stream:
        if chunk.usage is not None:
            usages.append(chunk.usage)
        for choice in chunk.choices:
            text += choice.delta.content or ""
            if choice.delta.role:
                roles.append(choice.delta.role)
            if choice.finish_reason:
                finishes.append(choice.finish_reason)
    return text, roles, finishes, usages


class Answers(unittest.TestCase):
    def setUp(self):
        self.client = client()

    def test_plain(self):
        raw = self.client.chat.completions.with_raw_response.create(**ASK)
        answer = raw.parse()
        choice = answer.choices[0]
        self.assertEqual((choice.message.content, choice.finish_reason), (PRIMARY, "stop"))
        # Three words and one message in, one token a word out: the simulator's rule.
        usage = answer.usage
        self.assertEqual((usage.prompt_tokens, usage.completion_tokens), (4, 13))
        self.assertEqual(usage.total_tokens, 17)
        self.assertEqual(answer.model, "sim-large", "the name was exchanged for the provider's")
        self.assertEqual(raw.headers["x-claw-target"], "primary/sim-large")
        self.assertEqual(raw.headers["x-claw-class"], "chat")
        self.assertEqual(raw.headers["x-claw-attempts"], "1")
        record = HOUSE.record(raw.headers["x-request-id"])
        self.assertEqual(record["target"], "primary/sim-large")

    def test_stream_with_usage(self):
        stream = self.client.chat.completions.create(
            **ASK, stream=True, stream_options={"include_usage": True}
        )
        text, roles, finishes, usages = read(stream)
        self.assertEqual((text, roles, finishes), (PRIMARY, ["assistant"], ["stop"]))
        self.assertEqual([usage.total_tokens for usage in usages], [17])

    def test_stream_without_usage(self):
        for options in ({}, {"stream_options": {"include_usage": False}}):
            with self.subTest(options):
                raw = self.client.chat.completions.with_raw_response.create(**ASK, **options, stream=True)
                chunks = list(raw.parse())
                # The way loops are written: every chunk has a choice.
                text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
                self.assertEqual(text, PRIMARY)
                self.assertEqual(chunks[-1].choices[0].finish_reason, "stop")
                self.assertEqual([chunk.usage for chunk in chunks if chunk.usage], [], "nobody asked")
                tokens = HOUSE.record(raw.headers["x-request-id"])["tokens"]
                self.assertEqual((tokens["input"], tokens["output"]), (4, 13), "but it is known")

    def test_a_provider_that_refuses_to_report_usage_is_asked_without_it(self):
        # The backup: it is remembered, and the tests of this class count the primary's tokens.
        ask = {**ASK, "extra_headers": sim("primary: 503; backup: refuses usage")}
        for causes in (["overloaded", "usage-option", None], ["overloaded", None]):
            raw = self.client.chat.completions.with_raw_response.create(**ask, stream=True)
            text, roles, finishes, usages = read(raw.parse())
            self.assertEqual((text, roles, finishes, usages), (BACKUP, ["assistant"], ["stop"], []))
            record = HOUSE.record(raw.headers["x-request-id"])
            self.assertEqual([attempt["cause"] for attempt in record["attempts"]], causes)
            self.assertEqual(record["tokens"]["output"], None, "unknown, not zero")

    def test_stream_helper_gives_the_whole_answer(self):
        with self.client.chat.completions.stream(**ASK) as stream:
            answer = stream.get_final_completion()
        self.assertEqual(answer.choices[0].message.content, PRIMARY)
        self.assertEqual(answer.choices[0].finish_reason, "stop")

    def test_tools_plain_and_streamed(self):
        ask = {**ASK, "tools": TOOLS, "extra_headers": sim("tool calls 1")}
        plain = self.client.chat.completions.create(**ask).choices[0]
        self.assertEqual(plain.finish_reason, "tool_calls")
        call = plain.message.tool_calls[0]
        wanted = {"city": "simulated", "days": 7}
        self.assertEqual((call.function.name, json.loads(call.function.arguments)), ("weather", wanted))
        name, arguments, finish = "", "", None
        for chunk in self.client.chat.completions.create(**ask, stream=True):
            for choice in chunk.choices:
                finish = choice.finish_reason or finish
                for piece in choice.delta.tool_calls or []:
                    name += piece.function.name or ""
                    arguments += piece.function.arguments or ""
        self.assertEqual((name, json.loads(arguments), finish), ("weather", wanted, "tool_calls"))

    def test_reasoning_and_cached_tokens(self):
        ask = {**ASK, "extra_headers": sim("reasoning 3, cached 2, words 5")}
        usage = self.client.chat.completions.create(**ask).usage
        self.assertEqual(usage.completion_tokens_details.reasoning_tokens, 3)
        self.assertEqual(usage.prompt_tokens_details.cached_tokens, 2)
        stream = self.client.chat.completions.create(**ask, stream=True)
        deltas = [choice.delta for chunk in stream for choice in chunk.choices]
        thoughts = [(delta.model_extra or {}).get("reasoning_content") for delta in deltas]
        self.assertEqual("".join(thought for thought in thoughts if thought), "Let me think")

    def test_letters_of_all_kinds_arrive_as_they_were_sent(self):
        words = 'größe 東京 🦀 "quoted" back\\slash'
        ask = {"model": "auto", "messages": [{"role": "user", "content": words}]}
        answer = self.client.chat.completions.create(**ask)
        self.assertTrue(answer.choices[0].message.content.endswith(words))
        text, *_ = read(self.client.chat.completions.create(**ask, stream=True))
        self.assertTrue(text.endswith(words))

    def test_ugly_framing_reads_the_same(self):
        for manner in ("crlf", "cr", "comments", "split", "coalesce", "usage in every chunk"):
            with self.subTest(manner):
                ask = {**ASK, "extra_headers": sim(manner)}
                text, roles, finishes, _ = read(self.client.chat.completions.create(**ask, stream=True))
                self.assertEqual((text, roles, finishes), (PRIMARY, ["assistant"], ["stop"]))

    def test_models(self):
        names = {model.id for model in self.client.models.list()}
        self.assertEqual(names, {"auto", "by-claude", "by-gemini", "by-gpt", "sim-large"})
        self.assertEqual(self.client.models.retrieve("by-gpt").id, "by-gpt")
        with self.assertRaises(openai.NotFoundError):
            self.client.models.retrieve("nobody")

    def test_many_streams_at_once_do_not_mix(self):
        async def one(asynchronous, number):
            ask = {"model": "auto", "messages": [{"role": "user", "content": f"number {number}"}]}
            stream = await asynchronous.chat.completions.create(
                **ask, stream=True, extra_headers=sim("drip 1ms")
            )
            text = ""
            async for chunk in stream:
                for choice in chunk.choices:
                    text += choice.delta.content or ""
            return text

        async def all_of_them():
            async with client(openai.AsyncOpenAI) as asynchronous:
                return await asyncio.gather(*(one(asynchronous, number) for number in range(32)))

        for number, text in enumerate(asyncio.run(all_of_them())):
            self.assertTrue(text.endswith(f"You said: number {number}"), text)


class Others(unittest.TestCase):
    """Embeddings and Responses, which pass to providers that speak them."""

    def setUp(self):
        self.client = client()

    def test_embeddings(self):
        raw = self.client.embeddings.with_raw_response.create(
            model="auto", input=["hello there", "you"], extra_headers=sim("primary: 503")
        )
        answer = raw.parse()
        self.assertEqual([one.embedding for one in answer.data], [[0.5, -0.25, 1.0]] * 2)
        self.assertEqual(raw.headers["x-claw-target"], "backup/sim-small")
        self.assertEqual(HOUSE.record(raw.headers["x-request-id"])["tokens"]["input"], 3)

    def test_a_response_plain_and_streamed(self):
        ask = {"model": "auto", "input": "hello from Python"}
        for failure, wanted in (("ok", PRIMARY), ("503", BACKUP), ("cut after 2", BACKUP)):
            with self.subTest(failure):
                ask["extra_headers"] = sim(f"primary: {failure}")
                answer = self.client.responses.create(**ask)
                self.assertEqual(answer.output_text, wanted)
                self.assertEqual((answer.usage.input_tokens, answer.usage.output_tokens), (4, 13))
                with self.client.responses.stream(**ask) as stream:
                    deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
                    whole = stream.get_final_response()
                self.assertEqual(("".join(deltas), whole.output_text), (wanted, wanted))
                self.assertEqual(whole.usage.total_tokens, 17)

    def test_the_tools_of_a_response(self):
        tool = {"type": "function", "strict": False, **TOOLS[0]["function"]}
        answer = self.client.responses.create(
            model="auto", input="hello", tools=[tool], extra_headers=sim("tool calls 2")
        )
        calls = [(call.name, json.loads(call.arguments)) for call in answer.output]
        self.assertEqual(calls, [("weather", {"city": "simulated", "days": 7})] * 2)

    def test_a_response_that_is_cut_is_an_exception(self):
        for failure, code in (("cut after 7", "upstream_cut"), ("stall after 7", "upstream_timeout")):
            with self.subTest(failure), self.assertRaises(openai.APIError) as caught:
                stream = self.client.responses.create(
                    model="auto", input="hello", stream=True, extra_headers=sim(failure)
                )
                for _ in stream:
                    pass
            self.assertEqual(caught.exception.code, code)


class Failover(unittest.TestCase):
    def setUp(self):
        self.client = client()

    def test_every_listed_failure_of_the_primary_is_answered_by_the_backup(self):
        failures = [
            "down", "reset", "401", "429", "429, retry-after 60s", "quota", "500", "502", "503", "529",
            "html", "bad json", "gzip", "role then cut", "error first", "cut after 1", "slow 30s",
        ]
        for failure in failures:
            with self.subTest(failure):
                ask = {**ASK, "extra_headers": sim(f"primary: {failure}")}
                raw = self.client.with_options(timeout=15.0).chat.completions.with_raw_response.create(
                    **ask, stream=True
                )
                text, roles, finishes, _ = read(raw.parse())
                self.assertEqual((text, roles, finishes), (BACKUP, ["assistant"], ["stop"]))
                self.assertEqual(raw.headers["x-claw-target"], "backup/sim-small")
                self.assertEqual(raw.headers["x-claw-attempts"], "2")

    def test_a_plain_answer_that_breaks_off_is_replaced_whole(self):
        for failure in ("down", "503", "cut after 5", "early end", "bad json", "html", "length long"):
            with self.subTest(failure):
                ask = {**ASK, "extra_headers": sim(f"primary: {failure}")}
                raw = self.client.chat.completions.with_raw_response.create(**ask)
                self.assertEqual(raw.parse().choices[0].message.content, BACKUP)
                self.assertEqual(raw.headers["x-claw-target"], "backup/sim-small")

    def test_the_causes_stand_in_the_record(self):
        ask = {**ASK, "extra_headers": sim("primary: 503")}
        raw = self.client.chat.completions.with_raw_response.create(**ask)
        attempts = HOUSE.record(raw.headers["x-request-id"])["attempts"]
        self.assertEqual([attempt["target"] for attempt in attempts], ["primary/sim-large", "backup/sim-small"])
        self.assertEqual(attempts[0]["cause"], "overloaded")


class Cuts(unittest.TestCase):
    """After content was sent there is no way back: the client must learn that it is not whole."""

    def setUp(self):
        self.client = client()

    def raised(self, script):
        ask = {**ASK, "extra_headers": sim(script)}
        text = ""
        with self.assertRaises(openai.APIError) as caught:
            for chunk in self.client.chat.completions.create(**ask, stream=True):
                for choice in chunk.choices:
                    text += choice.delta.content or ""
        self.assertTrue(PRIMARY.startswith(text) and 0 < len(text) < len(PRIMARY), text)
        return caught.exception

    def test_a_cut_is_an_exception_with_our_code(self):
        for script in ("cut after 5", "cut inside 5", "reset after 5"):
            with self.subTest(script):
                self.assertEqual(self.raised(script).code, "upstream_cut")

    def test_an_end_that_looks_clean_is_an_exception_too(self):
        # The SDK alone takes this for a whole answer.
        direct = openai.OpenAI(base_url=HOUSE.primary.url, api_key="sk-any", timeout=20.0)
        ask = {**ASK, "extra_headers": sim("end after 5")}
        text, *_ = read(direct.chat.completions.create(**ask, stream=True))
        self.assertLess(len(text), len(PRIMARY))
        self.assertEqual(self.raised("end after 5").code, "upstream_cut")

    def test_silence_and_errors_in_the_middle_are_exceptions(self):
        self.assertEqual(self.raised("stall after 5").code, "upstream_timeout")
        self.assertIsNotNone(self.raised("error after 5").code)

    def test_a_client_that_leaves_is_passed_on(self):
        ask = {**ASK, "extra_headers": sim("primary: drip 100ms, words 100000")}
        stream = self.client.chat.completions.create(**ask, stream=True)
        next(iter(stream))
        stream.close()
        line = HOUSE.primary.line(lambda line: "words 100000" in line)
        self.assertTrue(line.endswith("client left"), line)


class Refusals(unittest.TestCase):
    def setUp(self):
        self.client = client()

    def test_a_deny_of_the_policy(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(**{**ASK, "model": "forbidden"})
        self.assertEqual(caught.exception.code, "policy_denied")
        self.assertIn("this model is not for you", str(caught.exception))

    def test_what_is_wrong_with_the_request_itself(self):
        ask = {**ASK, "extra_headers": sim("context")}
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(**ask)
        self.assertEqual(caught.exception.code, "context_length_exceeded")
        with self.assertRaises(openai.NotFoundError):
            self.client.moderations.create(input="hello")

    def test_nothing_left_is_one_error_and_the_client_does_not_try_again(self):
        for script, kind, status in (
            ("503", openai.InternalServerError, 503),
            ("500", openai.InternalServerError, 502),
            ("down", openai.InternalServerError, 502),
            ("429", openai.RateLimitError, 429),
        ):
            for stream in (False, True):
                with self.subTest(script=script, stream=stream):
                    ask = {**ASK, "stream": stream, "extra_headers": sim(script)}
                    with self.assertRaises(kind) as caught:
                        self.client.chat.completions.create(**ask)
                    response = caught.exception.response
                    self.assertEqual(response.status_code, status)
                    self.assertEqual(response.headers["x-should-retry"], "false")
                    self.assertEqual(response.request.headers["x-stainless-retry-count"], "0")
                    self.assertTrue(caught.exception.code)

    def test_the_providers_key_is_never_told(self):
        ask = {**ASK, "extra_headers": sim("401")}
        with self.assertRaises(openai.InternalServerError) as caught:
            self.client.chat.completions.create(**ask)
        self.assertEqual(caught.exception.code, "provider_unavailable")
        told = str(caught.exception) + caught.exception.response.text
        for part in (PROVIDER_KEY, PROVIDER_KEY[:7], PROVIDER_KEY[-4:]):
            self.assertNotIn(part, told)


class Translated(unittest.TestCase):
    """The same client, answered by a provider that speaks Anthropic's protocol."""

    ASK = {**ASK, "model": "by-claude"}
    PROVIDER = "claude"
    # A hint that it has no words for, and behind how many events its answer has begun.
    HINT, BEGUN = {"seed": 7}, 6
    UNCARRIED = {"n": 2}

    def setUp(self):
        self.client = client()

    def test_plain_and_streamed(self):
        raw = self.client.chat.completions.with_raw_response.create(**self.ASK, **self.HINT)
        self.assertEqual(raw.headers["x-claw-target"], f"{self.PROVIDER}/sim-large")
        self.assertEqual(raw.headers["x-claw-dropped"], ",".join(self.HINT))
        plain = raw.parse()
        ask = {**self.ASK, "stream_options": {"include_usage": True}}
        with self.client.chat.completions.stream(**ask) as stream:
            streamed = stream.get_final_completion()
        for answer in (plain, streamed):
            choice = answer.choices[0]
            self.assertEqual((choice.message.content, choice.finish_reason), (PRIMARY, "stop"))
            self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens), (4, 13))
            self.assertEqual(answer.model, "sim-large")

    def test_without_usage_every_chunk_has_a_choice(self):
        chunks = list(self.client.chat.completions.create(**self.ASK, stream=True))
        self.assertEqual("".join(chunk.choices[0].delta.content or "" for chunk in chunks), PRIMARY)
        self.assertEqual([chunk.usage for chunk in chunks if chunk.usage], [])

    def test_tools_and_their_results(self):
        ask = {**self.ASK, "tools": TOOLS, "tool_choice": "required", "extra_headers": sim("reasoning 2, tool calls 2")}
        plain = self.client.chat.completions.create(**ask)
        with self.client.chat.completions.stream(**ask) as stream:
            streamed = stream.get_final_completion()
        for answer in (plain, streamed):
            choice = answer.choices[0]
            self.assertEqual(choice.finish_reason, "tool_calls")
            calls = choice.message.tool_calls
            self.assertEqual([json.loads(call.function.arguments) for call in calls], [{"city": "simulated", "days": 7}] * 2)
            self.assertEqual(choice.message.reasoning_content, "Let me")
            results = [{"role": "tool", "tool_call_id": call.id, "content": "rain"} for call in calls]
            said = choice.message.model_dump(exclude_none=True)
            said.pop("parsed", None)
            turns = [*ASK["messages"], said, *results]
            answer = self.client.chat.completions.create(**{**self.ASK, "tools": TOOLS, "messages": turns})
            self.assertTrue(answer.choices[0].message.content)

    def test_a_cut_is_an_exception(self):
        for fault, wanted in (("cut", "upstream_cut"), ("end", "upstream_cut"), ("stall", "upstream_timeout")):
            script = f"{fault} after {self.BEGUN}"
            with self.subTest(script):
                ask = {**self.ASK, "extra_headers": sim(f"primary: {script}")}
                with self.assertRaises(openai.APIError) as caught:
                    read(self.client.chat.completions.create(**ask, stream=True))
                self.assertEqual(caught.exception.code, wanted)

    def test_errors_have_their_classes(self):
        for script, kind, wanted in (
            ("context", openai.BadRequestError, "context_length_exceeded"),
            ("429", openai.RateLimitError, "rate_limited"),
            ("529", openai.InternalServerError, "overloaded"),
        ):
            with self.subTest(script):
                with self.assertRaises(kind) as caught:
                    self.client.chat.completions.create(**{**self.ASK, "extra_headers": sim(script)})
                self.assertEqual(caught.exception.code, wanted)

    def test_what_cannot_be_carried_is_refused_by_name(self):
        with self.assertRaises(openai.BadRequestError) as caught:
            self.client.chat.completions.create(**self.ASK, **self.UNCARRIED)
        self.assertEqual(caught.exception.code, "not_translatable")
        self.assertIn(caught.exception.param, self.UNCARRIED)

    def test_a_fault_before_content_is_answered_by_the_fallback(self):
        for stream in (False, True):
            ask = {**self.ASK, "extra_headers": sim("primary: 503")}
            raw = self.client.chat.completions.with_raw_response.create(**ask, stream=stream)
            self.assertEqual(raw.headers["x-claw-target"], f"{self.PROVIDER}-backup/sim-small")
            answer = raw.parse()
            text = read(answer)[0] if stream else answer.choices[0].message.content
            self.assertEqual(text, BACKUP)


class TranslatedForGemini(Translated):
    """And by one that speaks Gemini's."""

    ASK = {**ASK, "model": "by-gemini"}
    PROVIDER = "gemini"
    HINT, BEGUN = {"logit_bias": {"1": 1}}, 4
    UNCARRIED = {"n": 2}


class EveryFault(unittest.TestCase):
    """Each name that `clawgate sim --list` prints, committed by the primary: what the client sees.

    Whole answers are compared word for word, so a short success cannot pass for one.
    """

    PRIMARY = """ok; bad event after 3; interim 5; drip 50ms; no done; no last chunk; huge event 64KiB; retry-after 5s;
        retry-after-date 5s; retry-after-ms 250ms; words 40; reasoning 4; tool calls 1; refusal;
        finish length; finish content_filter; no usage; usage in every chunk; usage on finish;
        usage twice; refuses usage; refuses to continue; cached 3; crlf; cr; bom; comments; split; coalesce; length long; until close; chunked;
        big head 16KiB; close"""
    BACKUP = """slow 30s; hang; down; reset; hang after head; slow body 2s; only comments 15s;
        slow first 2s; role then cut; error first; bad json; html; plain; empty; 401; 402; 403; 429;
        quota; 500; 502; 503; 504; 529; redirect; gzip"""
    # Nothing was wrong with the provider: the caller is told.
    CALLER = {
        "400": "invalid_value",
        "context": "context_length_exceeded",
        "filter": "content_policy_violation",
        "404": "model_not_found",
        "418": "simulated",
    }
    # Too late for the backup: words were shown.
    BROKEN = {
        "cut after 5": "upstream_cut",
        "cut inside 5": "upstream_cut",
        "reset after 5": "upstream_cut",
        "end after 5": "upstream_cut",
        "no finish": "upstream_cut",
        "bad chunk after 3": "upstream_cut",
        "length short": "upstream_cut",
        "early end": "upstream_cut",
        "stall after 5": "upstream_timeout",
        "error after 5": "upstream_error",
    }
    # A plain answer is shown whole or not at all, so the backup has its turn; what only a stream
    # can do wrong does nothing.
    PLAIN = {
        **dict.fromkeys(BROKEN, "backup"),
        **dict.fromkeys(("no finish", "bad chunk after 3", "plain"), "primary"),
        "length long": "backup",
    }
    # What they say is not the usual sentence.
    OTHER_TEXT = {"words 40", "tool calls 1", "refusal"}
    LARGER_TEXT = {"huge event 64KiB"}

    @classmethod
    def wanted(cls):
        names = lambda text: (" ".join(name.split()) for name in text.split(";"))
        return {
            **dict.fromkeys(names(cls.PRIMARY), "primary"),
            **dict.fromkeys(names(cls.BACKUP), "backup"),
            **cls.CALLER,
            **cls.BROKEN,
        }

    async def seen(self, asynchronous, name, stream):
        """Who answered, or the code of the error."""
        text, finishes = "", []
        try:
            raw = await asynchronous.chat.completions.with_raw_response.create(
                **ASK, stream=stream, tools=TOOLS, extra_headers=sim(f"primary: {name}")
            )
            server = raw.headers["x-claw-target"].split("/")[0]
            answer = raw.parse()
            if stream:
                async for chunk in answer:
                    for choice in chunk.choices:
                        text += choice.delta.content or ""
                        finishes += [choice.finish_reason] if choice.finish_reason else []
            else:
                text = answer.choices[0].message.content or ""
                finishes = [answer.choices[0].finish_reason]
        except openai.APIError as error:
            return error.code
        whole = {"primary": PRIMARY, "backup": BACKUP}[server]
        if len(finishes) != 1:
            return f"{server}, but {len(finishes)} finish reasons"
        if name in self.LARGER_TEXT:
            text = text.lstrip("x")
        if name not in self.OTHER_TEXT and text != whole:
            return f"{server}, but not whole: {text}"
        return server

    def check(self, stream, wanted):
        async def all_at_once():
            async with client(openai.AsyncOpenAI) as asynchronous:
                return await asyncio.gather(*(self.seen(asynchronous, name, stream) for name in wanted))

        seen = dict(zip(wanted, asyncio.run(all_at_once())))
        self.assertEqual({name: seen[name] for name in wanted if seen[name] != wanted[name]}, {})

    def test_the_list_is_the_one_that_is_tested(self):
        listed = subprocess.run([CLAWGATE, "sim", "--list"], capture_output=True, text=True, timeout=20)
        names = {line.split("  ")[0] for line in listed.stdout.splitlines()}
        self.assertEqual(names, set(self.wanted()))

    def test_streamed(self):
        self.check(True, self.wanted())

    def test_plain(self):
        self.check(False, {**self.wanted(), **self.PLAIN})


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    failed = len(result.failures) + len(result.errors)
    print(f"clients: {result.testsRun - failed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not result.testsRun else 0)
