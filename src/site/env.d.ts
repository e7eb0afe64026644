/// <reference types="astro/client" />

/** For `tsc`, which does not read Astro's files. */
declare module '*.astro' {
  import type { AstroComponentFactory } from 'astro/runtime/server/index.js'

  const component: AstroComponentFactory
  export default component
}
