import { satteri } from '@astrojs/markdown-satteri'
import mdx from '@astrojs/mdx'
import preact from '@astrojs/preact'
import { defineConfig } from 'astro/config'
import { highlighting } from './src/site/highlighting.ts'

/** The site is static: pages are built once, the server only serves them and answers the API. */
export default defineConfig({
  srcDir: './src/site',
  publicDir: './src/site/public',
  outDir: './dist/astro',
  output: 'static',
  trailingSlash: 'always',
  integrations: [mdx(), preact()],
  markdown: {
    // Off, because it turns the `--` of a command-line flag into a dash.
    processor: satteri({ features: { smartPunctuation: false, directive: false } }),
    shikiConfig: highlighting,
  },
  // Nothing inline: the content security policy allows scripts and styles from files only.
  build: { inlineStylesheets: 'never', assets: 'assets' },
  vite: { build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } } },
  devToolbar: { enabled: false },
  telemetry: false,
})
