import { InvalidNotice, type NewNotice } from "../types.js";

const LONGEST_TITLE = 120;

/** Trims a notice and fills in what is optional. Throws `InvalidNotice` that names the field at fault. */
export function checkedNotice(input: NewNotice): Required<NewNotice> {
  const title = input.title.trim();
  const author = input.author.trim();
  if (title === "") throw new InvalidNotice("title: a notice needs one");
  if (title.length > LONGEST_TITLE) throw new InvalidNotice(`title: at most ${LONGEST_TITLE} characters`);
  if (author === "") throw new InvalidNotice("author: a notice needs one");
  const tags = [...new Set((input.tags ?? []).map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== ""))];
  return { title, body: input.body.trim(), author, tags, pinned: input.pinned ?? false };
}
