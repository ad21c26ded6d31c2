// The official Anthropic SDK for Node, unmodified but for its base URL, against the real gateway.

import assert from "node:assert/strict";
import { test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";

const baseURL = process.env.CLAW_URL.replace(/\/v1$/, "");
const client = new Anthropic({ baseURL, apiKey: "sk-any", timeout: 20_000 });
const messages = [{ role: "user", content: "hello from Node" }];
const PRIMARY = "This is primary, a simulated provider, as sim-large. You said: hello from Node";
const BACKUP = "This is backup, a simulated provider, as sim-small. You said: hello from Node";
const tools = [
  {
    name: "weather",
    input_schema: {
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer" } },
    },
  },
];
const sim = (script) => ({ headers: { "x-sim": script } });
const codeOf = (error) => error.error?.error?.code;

// Who serves, and by which name the policy leads there: the others speak chat completions and
// Gemini's protocol.
for (const [model, provider, broken] of [
  ["auto", "claude", 6],
  ["by-gpt", "primary", 5],
  ["by-gemini", "gemini", 5],
]) {
  const ask = { model, messages, max_tokens: 1000 };

  test(`${model}: plain`, async () => {
    const { data, response } = await client.messages.create(ask).withResponse();
    assert.equal(response.headers.get("x-claw-target"), `${provider}/sim-large`);
    assert.deepEqual(data.content.map(({ text }) => text), [PRIMARY]);
    assert.equal(data.stop_reason, "end_turn");
    assert.deepEqual([data.usage.input_tokens, data.usage.output_tokens], [4, 13]);
    assert.equal(data._request_id, response.headers.get("x-request-id"));
  });

  test(`${model}: a stream, and the whole message of its helper`, async () => {
    const stream = client.messages.stream(ask);
    let text = "";
    stream.on("text", (more) => (text += more));
    const message = await stream.finalMessage();
    assert.equal(text, PRIMARY);
    assert.equal(message.stop_reason, "end_turn");
    assert.deepEqual([message.usage.input_tokens, message.usage.output_tokens], [4, 13]);
  });

  test(`${model}: tools are called, plain and streamed, and their results answered`, async () => {
    const asking = { ...ask, tools, tool_choice: { type: "any" } };
    const script = sim("reasoning 2, tool calls 2");
    const plain = await client.messages.create(asking, script);
    const streamed = await client.messages.stream(asking, script).finalMessage();
    for (const message of [plain, streamed]) {
      assert.equal(message.stop_reason, "tool_use");
      const [thought, ...calls] = message.content;
      assert.equal(thought.thinking, "Let me");
      const wanted = ["weather", { city: "simulated", days: 7 }];
      assert.deepEqual(calls.map(({ name, input }) => [name, input]), [wanted, wanted]);
      const content = calls.map(({ id }) => ({
        type: "tool_result",
        tool_use_id: id,
        content: "rain",
      }));
      const turns = [
        ...messages,
        { role: "assistant", content: message.content },
        { role: "user", content },
      ];
      const answer = await client.messages.create({ ...ask, messages: turns, tools });
      assert.equal(answer.stop_reason, "end_turn");
    }
  });

  test(`${model}: a truncated stream is an error with our code`, async () => {
    for (const [fault, code] of [
      [`cut after ${broken}`, "upstream_cut"],
      [`end after ${broken}`, "upstream_cut"],
      [`stall after ${broken}`, "upstream_timeout"],
    ]) {
      const reading = async () => {
        const stream = await client.messages.create(
          { ...ask, stream: true },
          sim(`primary: ${fault}`),
        );
        for await (const event of stream) assert.notEqual(event.type, "message_stop", fault);
      };
      await assert.rejects(reading, (error) => codeOf(error) === code, fault);
    }
  });

  test(`${model}: a fault before content is answered by the fallback`, async () => {
    const { data, response } = await client.messages
      .create(ask, sim("primary: 529"))
      .withResponse();
    assert.deepEqual(data.content.map(({ text }) => text), [BACKUP]);
    assert.equal(response.headers.get("x-claw-attempts"), "2");
  });

  test(`${model}: refusals have their classes, and no retry is made in vain`, async () => {
    for (const [script, kind, status] of [
      ["context", Anthropic.BadRequestError, 400],
      ["429", Anthropic.RateLimitError, 429],
      ["529", Anthropic.InternalServerError, 529],
    ]) {
      const asking = client.messages.create(ask, sim(script));
      const fits = (error) => error instanceof kind && error.status === status;
      await assert.rejects(asking, fits, script);
    }
  });
}

test("tokens are counted and models listed", async () => {
  const counted = await client.messages.countTokens({ model: "auto", messages });
  assert.equal(counted.input_tokens, 4);
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  assert.ok(names.includes("by-gpt"));
});
