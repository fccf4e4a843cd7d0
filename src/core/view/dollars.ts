/** A cost for people: "–" where no price is known, "≥" where some are not. */
export function dollars({ cost, unpriced }: { cost: number | null; unpriced: number }): string {
  if (cost === null) return "–";
  return `${unpriced > 0 ? "≥" : ""}$${cost.toFixed(2)}`;
}
