import { type Check, fail, ok, skip, warn } from "../check.ts";
import { clientFor } from "../facts/modelList.ts";
import { probeQuestion } from "../facts/toolAnswer.ts";
import { reasonOf } from "../reasonOf.ts";
import { targetOf } from "./modelServer.ts";

/** Marks of a chat template, which belong in no answer. */
const templateMarks = /<\|im_(start|end)\|>|<\|endoftext\|>|\[\/?INST\]/;

/** One short answer, not streamed. */
export const checkCompletion: Check = {
  name: "completion",
  group: "server",
  needs: ["model"],
  run: async (context, signal) => {
    const target = await targetOf(context);
    const began = performance.now();
    try {
      const answer = await clientFor(target).chat.completions.create(
        { model: target.model, max_tokens: 8, temperature: 0, messages: [{ role: "user", content: "Say pong." }] },
        { signal },
      );
      if (!answer.choices?.[0])
        return fail(context.say("doctor.seen.completion.empty"), context.say("doctor.mend.completion"));
      const ms = Math.round(performance.now() - began);
      return ok(context.say("doctor.seen.completion", { ms }), { ms });
    } catch (error) {
      signal.throwIfAborted();
      return fail(reasonOf(error), context.say("doctor.mend.completion"));
    }
  },
};

/** The server lets a model choose a tool at all. */
export const checkToolChoice: Check = {
  name: "tool-choice",
  group: "server",
  needs: ["completion"],
  run: async ({ facts, say }) => {
    const answer = await facts.toolAnswer();
    if (answer.kind !== "error") return ok(say("doctor.seen.toolChoice"));
    return fail(answer.reason, say("doctor.mend.toolChoice"));
  },
};

/** A streamed call comes as a call, with arguments that are JSON: the parser fits the model. */
export const checkToolCall: Check = {
  name: "tool-call",
  group: "server",
  needs: ["tool-choice"],
  run: async ({ facts, say }) => {
    const answer = await facts.toolAnswer();
    const mend = say("doctor.mend.toolCall");
    if (answer.kind === "error") return skip(answer.reason);
    if (answer.kind === "text") return fail(say("doctor.seen.toolCall.text"), mend);
    if (answer.kind === "words") return warn(say("doctor.seen.toolCall.words"), mend);
    let given: unknown;
    try {
      given = JSON.parse(answer.arguments || "{}");
    } catch (error) {
      return fail(say("doctor.seen.toolCall.json", { reason: reasonOf(error) }), mend);
    }
    if (answer.name !== "aegis_probe") return warn(say("doctor.seen.toolCall.other", { name: answer.name }), mend);
    if (Reflect.get(Object(given), "word") === undefined) return warn(say("doctor.seen.toolCall.arguments"), mend);
    return ok(say("doctor.seen.toolCall", { chunks: answer.chunks }));
  },
};

/** The template takes what OpenCode sends from the second turn on: a system prompt, a call and its result. */
export const checkChatTemplate: Check = {
  name: "chat-template",
  group: "server",
  needs: ["completion"],
  run: async (context, signal) => {
    const { say } = context;
    const target = await targetOf(context);
    const mend = say("doctor.mend.chatTemplate");
    const call = {
      id: "call_aegis_1",
      type: "function",
      function: { name: "aegis_probe", arguments: '{"word":"ping"}' },
    } as const;
    try {
      const answer = await clientFor(target).chat.completions.create(
        {
          model: target.model,
          max_tokens: 32,
          temperature: 0,
          messages: [
            { role: "system", content: "You answer in one word." },
            { role: "user", content: probeQuestion },
            { role: "assistant", content: null, tool_calls: [call] },
            { role: "tool", tool_call_id: call.id, content: "ping" },
            { role: "user", content: "Which word did it return?" },
          ],
        },
        { signal },
      );
      const text = answer.choices?.[0]?.message?.content ?? "";
      const mark = templateMarks.exec(text)?.[0];
      if (mark !== undefined) return fail(say("doctor.seen.chatTemplate.marks", { mark }), mend);
      return ok(say("doctor.seen.chatTemplate"));
    } catch (error) {
      signal.throwIfAborted();
      return fail(reasonOf(error), mend);
    }
  },
};

/** As many requests at once as a swarm's Workers and its Commander make. */
export const checkConcurrency: Check = {
  name: "concurrency",
  group: "server",
  needs: ["completion"],
  run: async (context, signal) => {
    const { facts, say } = context;
    const target = await targetOf(context);
    const read = await facts.config();
    const count = (read.ok ? read.config.swarm.maxWorkers : 8) + 1;
    const began = performance.now();
    const one = (index: number) =>
      clientFor(target).chat.completions.create(
        { model: target.model, max_tokens: 8, temperature: 0, messages: [{ role: "user", content: `Say ${index}.` }] },
        { signal },
      );
    const ended = await Promise.allSettled(Array.from({ length: count }, (_, index) => one(index)));
    signal.throwIfAborted();
    const ms = Math.round(performance.now() - began);
    const failed = ended.filter((result) => result.status === "rejected");
    const [first] = failed;
    if (first)
      return fail(
        say("doctor.seen.concurrency.failed", { failed: failed.length, count, reason: reasonOf(first.reason) }),
        say("doctor.mend.concurrency"),
      );
    return ok(say("doctor.seen.concurrency", { count, ms }), { count, ms });
  },
};
