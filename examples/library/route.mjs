// Which provider and model does a piece of work?
import { askPolicy, decideRoute, makePolicy } from "oh-my-qwencoder";

// With this user's configuration and limits; the answer is a line in the routing log.
const answer = await askPolicy({ kind: "job", agent: "executor", session: "nightly-17" });
console.log(`executor: ${answer.provider}, ${answer.model} (${answer.reason.code})`);

// Purely: a policy and how things are go in, a verdict with its reason comes out.
const policy = makePolicy({ primary: "claude", externalAllowed: true });
const health = { providers: { claude: { percent: 95 } } };
const verdict = decideRoute(policy, health, { agent: "executor", mode: "off", session: "s1" });
console.log(`with a full primary: ${verdict.provider} (${verdict.reason.code}: ${verdict.reason.detail})`);
