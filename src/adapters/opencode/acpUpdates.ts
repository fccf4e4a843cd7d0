import type { SessionUpdate } from "@agentclientprotocol/sdk";
import type { AgentUpdate } from "../../ports/agentProcess.ts";

/** What an agent tells over the protocol, in our words; undefined for what nobody here listens to. */
export function updateOf(update: SessionUpdate): AgentUpdate | undefined {
  switch (update.sessionUpdate) {
    case "agent_message_chunk":
    case "agent_thought_chunk": {
      if (update.content.type !== "text") return undefined;
      const { text } = update.content;
      if (update.sessionUpdate === "agent_thought_chunk") return { kind: "thought", text };
      return { kind: "text", text, message: update.messageId ?? undefined };
    }
    case "tool_call":
    case "tool_call_update": {
      const { toolCallId: id, title, status } = update;
      return { kind: "tool", id, title: title ?? id, status: status ?? "pending" };
    }
    default:
      return undefined;
  }
}
