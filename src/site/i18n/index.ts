/**
 * The texts of the language that the pages are built in. English here; the build of another language puts its folder in the
 * place of `en/` (`astro.config.mjs`), so that no page carries two languages. A namespace, so that a page carries only the
 * sections that it uses.
 */
export * as t from './en/index.ts'
