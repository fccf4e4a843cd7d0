/** How globs are compared. Of its own file, so that the library's types name no package that is bundled. */
export type ScopeOptions = {
  /** As file systems do that tell `A` from `a` in no name. */
  caseInsensitive?: boolean;
};
