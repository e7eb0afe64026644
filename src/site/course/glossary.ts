/** The id of a term of the glossary, as its page's anchors have it. */
export const glossaryId = (term: string) =>
  term
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
