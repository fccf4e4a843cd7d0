// Can two Workers ever write the same file? Not by sampling: the globs' languages are compared.
import { checkScopes } from "oh-my-qwencoder";

const check = checkScopes([
  { name: "cart", fileScope: ["src/cart/**", "src/shared/{money,tax}.ts"] },
  { name: "checkout", fileScope: ["src/checkout/**", "src/shared/t*.ts"] },
  { name: "docs", fileScope: ["docs/**"] },
]);
console.log(check.ok ? "disjoint" : "they overlap");
for (const { a, b, globA, globB, witness } of check.overlaps) {
  console.log(`${a} (${globA}) and ${b} (${globB}) both match ${witness}`);
}
