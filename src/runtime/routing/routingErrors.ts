/** The configuration leads outside, and nothing outside is allowed. */
export class ExternalBlocked extends Error {
  override readonly name = "ExternalBlocked";

  constructor(detail: string) {
    super(
      `Stopped by routing.external.enabled: ${detail}. Allow it in your own configuration, outside the repository, or see \`oh-my-qwencoder route explain\`.`,
    );
  }
}

/** No agent of that name is known. */
export class UnknownAgent extends Error {
  override readonly name = "UnknownAgent";

  constructor(agent: string) {
    super(
      `No agent is called "${agent}". Use one of the 35 specialists or a role, or give it a tier in routing.agents.`,
    );
  }
}

/** Everybody who may do the work has failed it or rests. */
export class NobodyLeft extends Error {
  override readonly name = "NobodyLeft";

  constructor(failed: readonly string[]) {
    super(
      `Nobody is left to do this work: ${failed.join(", ")} failed it or rest. See \`oh-my-qwencoder fusion status\`.`,
    );
  }
}
