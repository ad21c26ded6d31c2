// The official OpenAI SDK for Node, unmodified but for its base URL, against the real gateway.

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.env.CLAW_URL, apiKey: "sk-any", timeout: 20_000 });
const messages = [{ role: "user", content: "hello from Node" }];
const PRIMARY = "This is primary, a simulated provider, as sim-large. You said: hello from Node";
const BACKUP = "This is backup, a simulated provider, as sim-small. You said: hello from Node";
const tools = [
  {
    type: "function",
    function: {
      name: "weather",
      parameters: {
        type: "object",
        properties: { city: { type: "string" }, days: { type: "integer" } },
      },
    },
  },
];
const sim = (script) => ({ headers: { "x-sim": script } });

// Who serves, and by which name the policy leads there: the others speak Anthropic's protocol and
// Gemini's.
for (const [model, provider, broken] of [
  ["auto", "primary", 4],
  ["by-claude", "claude", 6],
  ["by-gemini", "gemini", 4],
]) {
  test(`${model}: plain`, async () => {
    const { data, response } = await client.chat.completions
      .create({ model, messages })
      .withResponse();
    assert.equal(response.headers.get("x-claw-target"), `${provider}/sim-large`);
    assert.equal(data.choices[0].message.content, PRIMARY);
    assert.equal(data.choices[0].finish_reason, "stop");
    assert.equal(data.model, "sim-large");
    assert.deepEqual([data.usage.prompt_tokens, data.usage.completion_tokens], [4, 13]);
  });

  test(`${model}: a stream, every chunk of which has a choice`, async () => {
    let text = "";
    for await (const chunk of await client.chat.completions.create({
      model,
      messages,
      stream: true,
    })) {
      text += chunk.choices[0].delta.content ?? "";
    }
    assert.equal(text, PRIMARY);
  });

  test(`${model}: a stream's helper gives the whole completion, with usage`, async () => {
    const stream = client.chat.completions.stream({
      model,
      messages,
      stream_options: { include_usage: true },
    });
    const completion = await stream.finalChatCompletion();
    assert.equal(completion.choices[0].message.content, PRIMARY);
    assert.equal(completion.usage.total_tokens, 17);
  });

  test(`${model}: tools are called, plain and streamed, and their results answered`, async () => {
    const ask = { model, messages, tools, tool_choice: "required" };
    const script = sim("tool calls 2");
    const plain = await client.chat.completions.create(ask, script);
    const streamed = await client.chat.completions.stream(ask, script).finalChatCompletion();
    for (const { choices } of [plain, streamed]) {
      assert.equal(choices[0].finish_reason, "tool_calls");
      const calls = choices[0].message.tool_calls;
      for (const call of calls) {
        assert.equal(call.function.name, "weather");
        assert.deepEqual(JSON.parse(call.function.arguments), { city: "simulated", days: 7 });
      }
      assert.equal(calls.length, 2);
      const results = calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: "rain" }));
      const turns = [...messages, choices[0].message, ...results];
      const answer = await client.chat.completions.create({ model, messages: turns, tools });
      assert.equal(answer.choices[0].finish_reason, "stop");
    }
  });

  test(`${model}: a truncated stream is an error with our code`, async () => {
    for (const [fault, code] of [
      [`cut after ${broken}`, "upstream_cut"],
      [`end after ${broken}`, "upstream_cut"],
      [`stall after ${broken}`, "upstream_timeout"],
    ]) {
      let text = "";
      const reading = async () => {
        const stream = await client.chat.completions.create(
          { model, messages, stream: true },
          sim(`primary: ${fault}`),
        );
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
      };
      await assert.rejects(reading, (error) => error.code === code, fault);
      assert.ok(PRIMARY.startsWith(text) && text.length < PRIMARY.length, `${fault}: ${text}`);
    }
  });

  test(`${model}: a fault before content is answered by the fallback`, async () => {
    const { data, response } = await client.chat.completions
      .create({ model, messages }, sim("primary: 503"))
      .withResponse();
    assert.equal(data.choices[0].message.content, BACKUP);
    assert.equal(response.headers.get("x-claw-attempts"), "2");
  });

  test(`${model}: refusals have their classes, and no retry is made in vain`, async () => {
    for (const [script, kind, code] of [
      ["context", OpenAI.BadRequestError, "context_length_exceeded"],
      ["429", OpenAI.RateLimitError, "rate_limited"],
      ["503", OpenAI.InternalServerError, "overloaded"],
    ]) {
      const asking = client.chat.completions.create({ model, messages }, sim(script));
      await assert.rejects(asking, (error) => error instanceof kind && error.code === code, script);
    }
  });
}

test("what cannot be carried is refused by name", async () => {
  const asking = client.chat.completions.create({ model: "by-claude", messages, n: 2 });
  await assert.rejects(asking, { code: "not_translatable", param: "n", status: 400 });
});

test("embeddings, models and Responses", async () => {
  const { data } = await client.embeddings.create({ model: "auto", input: ["a", "b"] });
  assert.deepEqual(data.map(({ embedding }) => [...embedding]), [[0.5, -0.25, 1], [0.5, -0.25, 1]]);
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  assert.ok(names.includes("auto"));
  const response = await client.responses.create({ model: "auto", input: "hello from Node" });
  assert.equal(response.output_text, PRIMARY);
});
