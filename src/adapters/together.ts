/**
 * Questions that come while an earlier one is being answered are answered together, by one run that begins after the last of
 * them was asked: no answer is older than its question.
 */
export class Together<Question, Answer> {
  private readonly run: (questions: readonly Question[]) => Promise<Answer>;
  private running: Promise<unknown> | undefined;
  private waiting: { questions: Question[]; answer: Promise<Answer> } | undefined;

  constructor(run: (questions: readonly Question[]) => Promise<Answer>) {
    this.run = run;
  }

  /** The answer to all questions of its run. @throws what the run throws, for each of them */
  ask(question: Question): Promise<Answer> {
    if (this.waiting) {
      this.waiting.questions.push(question);
      return this.waiting.answer;
    }
    const questions = [question];
    if (!this.running) return this.begin(questions);
    const answer = this.running.then(() => {
      this.waiting = undefined;
      return this.begin(questions);
    });
    this.waiting = { questions, answer };
    return answer;
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
