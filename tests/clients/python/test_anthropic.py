"""The official Anthropic SDK, unmodified but for its base URL, against the real gateway."""

import asyncio
import subprocess
import sys
import unittest

import anthropic

from house import CLAWGATE, PROVIDER_KEY, House

TOOLS = [
    {
        "name": "weather",
        "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        },
    }
]
ASK = {
    "model": "auto",
    "max_tokens": 100000,
    "messages": [{"role": "user", "content": "hello from Python"}],
}
PRIMARY = "This is primary, a simulated provider, as sim-large. You said: hello from Python"
BACKUP = "This is backup, a simulated provider, as sim-small. You said: hello from Python"


def setUpModule():
    global HOUSE
    HOUSE = House()


def tearDownModule():
    code = HOUSE.stop()
    assert code == 0, f"the gateway ended with {code}, told to stop"


def base(url):
    return url.removesuffix("/v1")


def client(kind=anthropic.Anthropic, url=None):
    # Bounded, and with the SDK's own two retries in force: the gateway must know how to stop them.
    return kind(base_url=base(url or HOUSE.url), api_key="sk-any", timeout=20.0)


def sim(script):
    return {"x-sim": script}


def read(stream):
    """A stream as text, names of its events, stop reason and last usage."""
    text, names, reason, usage = "", [], None, None
    for event in stream:
        names.append(event.type)
        if event.type == "content_block_delta" and event.delta.type == "text_delta":
            text += event.delta.text
        if event.type == "message_delta":
            reason, usage = event.delta.stop_reason, event.usage
    return text, names, reason, usage


def code(error):
    """The gateway's own word for an error, or the provider's kind of it."""
    told = error.body["error"]
    return told.get("code", told["type"])


class Answers(unittest.TestCase):
    def setUp(self):
        self.client = client()

    def test_plain(self):
        raw = self.client.messages.with_raw_response.create(**ASK)
        message = raw.parse()
        self.assertEqual([block.text for block in message.content], [PRIMARY])
        self.assertEqual((message.stop_reason, message.model), ("end_turn", "sim-large"))
        # Three words and one message in, one token a word out: the simulator's rule.
        self.assertEqual((message.usage.input_tokens, message.usage.output_tokens), (4, 13))
        self.assertEqual(raw.headers["x-claw-target"], "claude/sim-large")
        self.assertEqual(message._request_id, raw.headers["x-request-id"])
        tokens = HOUSE.record(raw.headers["x-request-id"])["tokens"]
        self.assertEqual((tokens["input"], tokens["output"]), (4, 13))

    def test_stream(self):
        raw = self.client.messages.with_raw_response.create(**ASK, stream=True)
        text, names, reason, usage = read(raw.parse())
        self.assertEqual((text, reason, usage.output_tokens), (PRIMARY, "end_turn", 13))
        self.assertEqual((names[0], names[-1]), ("message_start", "message_stop"))
        tokens = HOUSE.record(raw.headers["x-request-id"])["tokens"]
        self.assertEqual((tokens["input"], tokens["output"]), (4, 13))

    def test_stream_helper_gives_the_whole_message(self):
        with self.client.messages.stream(**ASK) as stream:
            self.assertEqual("".join(stream.text_stream), PRIMARY)
            message = stream.get_final_message()
        self.assertEqual((message.stop_reason, message.usage.output_tokens), ("end_turn", 13))

    def test_tools_plain_and_streamed(self):
        ask = {**ASK, "tools": TOOLS, "extra_headers": sim("tool calls 2")}
        wanted = ("weather", {"city": "simulated", "days": 7})
        plain = self.client.messages.create(**ask)
        with self.client.messages.stream(**ask) as stream:
            streamed = stream.get_final_message()
        for message in (plain, streamed):
            self.assertEqual(message.stop_reason, "tool_use")
            self.assertEqual([(block.name, block.input) for block in message.content], [wanted] * 2)

    def test_thinking_and_cached_tokens(self):
        ask = {**ASK, "extra_headers": sim("reasoning 3, cached 2, words 5")}
        plain = self.client.messages.create(**ask)
        with self.client.messages.stream(**ask) as stream:
            streamed = stream.get_final_message()
        for message in (plain, streamed):
            thought, text = message.content
            self.assertEqual((thought.thinking, thought.type), ("Let me think", "thinking"))
            self.assertTrue(thought.signature)
            self.assertEqual(text.text, "one two three four five")
            self.assertEqual((message.usage.input_tokens, message.usage.cache_read_input_tokens), (2, 2))

    def test_count_tokens(self):
        counted = self.client.messages.count_tokens(model="auto", messages=ASK["messages"])
        self.assertEqual(counted.input_tokens, 4)

    def test_betas_are_accepted(self):
        ask = {**ASK, "betas": ["some-beta-2026-01-01"]}
        self.assertEqual(self.client.beta.messages.create(**ask).content[0].text, PRIMARY)

    def test_ugly_framing_reads_the_same(self):
        for manner in ("crlf", "comments", "split", "coalesce"):
            with self.subTest(manner):
                ask = {**ASK, "extra_headers": sim(manner)}
                text, _, reason, _ = read(self.client.messages.create(**ask, stream=True))
                self.assertEqual((text, reason), (PRIMARY, "end_turn"))

    def test_models(self):
        self.assertEqual({model.id for model in self.client.models.list()}, {"auto", "by-claude", "by-gemini", "by-gpt", "sim-large"})


class Cuts(unittest.TestCase):
    """After content was sent there is no way back: the client must learn that it is not whole."""

    def setUp(self):
        self.client = client()

    def raised(self, script):
        ask = {**ASK, "extra_headers": sim(script)}
        text = ""
        with self.assertRaises(anthropic.APIStatusError) as caught:
            for event in self.client.messages.create(**ask, stream=True):
                if event.type == "content_block_delta":
                    text += event.delta.text
        self.assertTrue(PRIMARY.startswith(text) and 0 < len(text) < len(PRIMARY), text)
        return code(caught.exception)

    def test_a_cut_is_an_exception_with_our_code(self):
        for script in ("cut after 6", "cut inside 6", "reset after 6"):
            with self.subTest(script):
                self.assertEqual(self.raised(script), "upstream_cut")

    def test_an_end_that_looks_clean_is_an_exception_too(self):
        # The SDK alone takes this for a whole answer.
        ask = {**ASK, "extra_headers": sim("end after 6")}
        text, _, reason, _ = read(client(url=HOUSE.primary.url).messages.create(**ask, stream=True))
        self.assertLess(len(text), len(PRIMARY))
        self.assertIsNone(reason)
        self.assertEqual(self.raised("end after 6"), "upstream_cut")

    def test_silence_and_errors_in_the_middle_are_exceptions(self):
        self.assertEqual(self.raised("stall after 6"), "upstream_timeout")
        self.assertEqual(self.raised("error after 6"), "overloaded")


class Refusals(unittest.TestCase):
    def setUp(self):
        self.client = client()

    def test_a_deny_of_the_policy(self):
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.client.messages.create(**{**ASK, "model": "forbidden"})
        self.assertEqual(code(caught.exception), "policy_denied")
        self.assertIn("this model is not for you", str(caught.exception))

    def test_what_is_wrong_with_the_request_itself(self):
        ask = {**ASK, "extra_headers": sim("context")}
        with self.assertRaises(anthropic.BadRequestError) as caught:
            self.client.messages.create(**ask)
        self.assertIn("prompt is too long: 200001 tokens > 200000 maximum", str(caught.exception))

    def test_nothing_left_is_one_error_and_the_client_does_not_try_again(self):
        for script, kind, status in (
            ("529", anthropic.InternalServerError, 529),
            ("500", anthropic.InternalServerError, 502),
            ("down", anthropic.InternalServerError, 502),
            ("429", anthropic.RateLimitError, 429),
        ):
            for stream in (False, True):
                with self.subTest(script=script, stream=stream):
                    ask = {**ASK, "stream": stream, "extra_headers": sim(script)}
                    with self.assertRaises(kind) as caught:
                        self.client.messages.create(**ask)
                    response = caught.exception.response
                    self.assertEqual(response.status_code, status)
                    self.assertEqual(response.headers["x-should-retry"], "false")
                    self.assertEqual(response.request.headers["x-stainless-retry-count"], "0")

    def test_the_providers_key_is_never_told(self):
        ask = {**ASK, "extra_headers": sim("401")}
        with self.assertRaises(anthropic.InternalServerError) as caught:
            self.client.messages.create(**ask)
        self.assertEqual(code(caught.exception), "provider_unavailable")
        told = str(caught.exception) + caught.exception.response.text
        for part in (PROVIDER_KEY, PROVIDER_KEY[:7], PROVIDER_KEY[-4:]):
            self.assertNotIn(part, told)


class Translated(unittest.TestCase):
    """The same client, answered by a provider that speaks chat completions."""

    ASK = {**ASK, "model": "by-gpt", "system": "be brief"}
    PROVIDER, BACKUP = "primary", "backup"
    HEARD = "You said: rain"

    def setUp(self):
        self.client = client()

    def test_plain_and_streamed(self):
        raw = self.client.messages.with_raw_response.create(**self.ASK)
        self.assertEqual(raw.headers["x-claw-target"], f"{self.PROVIDER}/sim-large")
        with self.client.messages.stream(**self.ASK) as stream:
            self.assertEqual("".join(stream.text_stream), PRIMARY)
            streamed = stream.get_final_message()
        for message in (raw.parse(), streamed):
            self.assertEqual([block.text for block in message.content], [PRIMARY])
            self.assertEqual((message.stop_reason, message.model), ("end_turn", "sim-large"))
            self.assertEqual((message.usage.input_tokens, message.usage.output_tokens), (7, 13))

    def test_tools_and_their_results(self):
        ask = {**self.ASK, "tools": TOOLS, "tool_choice": {"type": "any"}, "extra_headers": sim("reasoning 2, tool calls 2")}
        plain = self.client.messages.create(**ask)
        with self.client.messages.stream(**ask) as stream:
            streamed = stream.get_final_message()
        for message in (plain, streamed):
            self.assertEqual(message.stop_reason, "tool_use")
            thought, *calls = message.content
            self.assertEqual((thought.type, thought.thinking), ("thinking", "Let me"))
            self.assertEqual([call.input for call in calls], [{"city": "simulated", "days": 7}] * 2)
            results = [{"type": "tool_result", "tool_use_id": call.id, "content": "rain"} for call in calls]
            turns = [*ASK["messages"], {"role": "assistant", "content": message.content}, {"role": "user", "content": results}]
            answer = self.client.messages.create(**{**self.ASK, "tools": TOOLS, "messages": turns})
            self.assertIn(self.HEARD, answer.content[0].text)

    def test_a_cut_is_an_exception(self):
        for script, wanted in (("cut after 5", "upstream_cut"), ("end after 5", "upstream_cut"), ("stall after 5", "upstream_timeout")):
            with self.subTest(script):
                ask = {**self.ASK, "extra_headers": sim(f"primary: {script}")}
                with self.assertRaises(anthropic.APIStatusError) as caught:
                    read(self.client.messages.create(**ask, stream=True))
                self.assertEqual(code(caught.exception), wanted)

    def test_errors_have_their_classes(self):
        for script, kind in (("context", anthropic.BadRequestError), ("429", anthropic.RateLimitError), ("529", anthropic.InternalServerError)):
            with self.subTest(script):
                with self.assertRaises(kind) as caught:
                    self.client.messages.create(**{**self.ASK, "extra_headers": sim(script)})
                if script == "context":
                    self.assertIn("prompt is too long", str(caught.exception))

    def test_a_fault_before_content_is_answered_by_the_fallback(self):
        for stream in (False, True):
            ask = {**self.ASK, "extra_headers": sim("primary: 503")}
            raw = self.client.messages.with_raw_response.create(**ask, stream=stream)
            self.assertEqual(raw.headers["x-claw-target"], f"{self.BACKUP}/sim-small")
            answer = raw.parse()
            text = read(answer)[0] if stream else answer.content[0].text
            self.assertEqual(text, BACKUP)


class TranslatedForGemini(Translated):
    """And by one that speaks Gemini's."""

    ASK = {**ASK, "model": "by-gemini", "system": "be brief"}
    PROVIDER, BACKUP = "gemini", "gemini-backup"
    # The simulator hears no results of tools in this protocol, only texts.
    HEARD = "This is primary"


class EveryFault(unittest.TestCase):
    """Each name that `clawgate sim --list` prints, committed by the primary: what the client sees.

    Whole answers are compared word for word, so a short success cannot pass for one.
    """

    PRIMARY = """ok; interim 5; drip 50ms; no last chunk; huge event 64KiB; retry-after 5s;
        retry-after-date 5s; retry-after-ms 250ms; words 40; reasoning 4; tool calls 1; refusal;
        finish length; finish content_filter; no usage; usage in every chunk; usage on finish;
        usage twice; refuses usage; refuses to continue; cached 3; crlf; cr; bom; comments; split; coalesce; length long;
        until close; chunked; big head 16KiB; close"""
    BACKUP = """slow 30s; hang; down; reset; hang after head; slow body 2s; only comments 15s;
        slow first 2s; role then cut; error first; bad event after 3; bad chunk after 3; bad json; html;
        plain; empty; 401; 402; 403; 429; quota; 500; 502; 503; 504; 529; redirect; gzip"""
    # Nothing was wrong with the provider: the caller is told.
    CALLER = {
        "400": "invalid_request_error",
        "context": "invalid_request_error",
        "filter": "invalid_request_error",
        "404": "model_not_found",
        "418": "simulated_error",
    }
    # Too late for the backup: words were shown.
    BROKEN = {
        "cut after 5": "upstream_cut",
        "cut inside 5": "upstream_cut",
        "reset after 5": "upstream_cut",
        "end after 5": "upstream_cut",
        "no finish": "upstream_cut",
        "no done": "upstream_cut",
        "length short": "upstream_cut",
        "early end": "upstream_cut",
        "stall after 5": "upstream_timeout",
        "error after 5": "overloaded",
    }
    # A plain answer is shown whole or not at all, so the backup has its turn; what only a stream
    # can do wrong does nothing.
    PLAIN = {
        **dict.fromkeys(BROKEN, "backup"),
        **dict.fromkeys(("no finish", "no done", "bad event after 3", "bad chunk after 3", "plain"), "primary"),
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
        text, reason = "", None
        try:
            raw = await asynchronous.messages.with_raw_response.create(
                **ASK, stream=stream, tools=TOOLS, extra_headers=sim(f"primary: {name}")
            )
            server = {"claude": "primary", "claude-backup": "backup"}[raw.headers["x-claw-target"].split("/")[0]]
            answer = await raw.parse()
            if stream:
                async for event in answer:
                    if event.type == "content_block_delta" and event.delta.type == "text_delta":
                        text += event.delta.text
                    if event.type == "message_delta":
                        reason = event.delta.stop_reason
            else:
                text = "".join(block.text for block in answer.content if block.type == "text")
                reason = answer.stop_reason
        except anthropic.APIStatusError as error:
            return code(error)
        whole = {"primary": PRIMARY, "backup": BACKUP}[server]
        if reason is None:
            return f"{server}, but it does not say why it stops"
        if name in self.LARGER_TEXT:
            text = text.lstrip("x")
        if name not in self.OTHER_TEXT and text != whole:
            return f"{server}, but not whole: {text}"
        return server

    def check(self, stream, wanted):
        async def all_at_once():
            async with client(anthropic.AsyncAnthropic) as asynchronous:
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
    print(f"anthropic: {result.testsRun - failed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed or not result.testsRun else 0)
