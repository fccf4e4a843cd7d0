/**
 * Questions that come while an earlier one is being answered are answered together, by one run that begins after the last of
 * them was asked: no answer is older than its question. Where that run fails, each is asked again by itself, so that nobody
 * fails for another's question.
 */
export class Together<Question, Answer> {
  private readonly run: (questions: readonly Question[]) => Promise<Answer>;
  private running: Promise<unknown> | undefined;
  private waiting: { questions: Question[]; answer: Promise<Answer> } | undefined;

  constructor(run: (questions: readonly Question[]) => Promise<Answer>) {
    this.run = run;
  }

  /** The answer to all questions of its run. @throws what the run throws for this question alone */
  async ask(question: Question): Promise<Answer> {
    const { questions, answer } = this.join(question);
    try {
      return await answer;
    } catch (error) {
      if (questions.length === 1) throw error;
      return await this.run([question]);
    }
  }

  private join(question: Question): { questions: readonly Question[]; answer: Promise<Answer> } {
    if (this.waiting) {
      this.waiting.questions.push(question);
      return this.waiting;
    }
    const questions = [question];
    if (!this.running) return { questions, answer: this.begin(questions) };
    const answer = this.running.then(() => {
      this.waiting = undefined;
      return this.begin(questions);
    });
    this.waiting = { questions, answer };
    return this.waiting;
  }

  private begin(questions: readonly Question[]): Promise<Answer> {
    const answer = this.run(questions);
    const over = answer.then(
      () => undefined,
      () => undefined,
    );
    this.running = over;
    void over.then(() => {
      if (this.running === over) this.running = undefined;
    });
    return answer;
  }
}
