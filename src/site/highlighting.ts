import type { ShikiConfig } from 'astro'
import { createCssVariablesTheme } from 'shiki'
import { fenceAttributes } from '../labs/fences.ts'

const theme = createCssVariablesTheme({ name: 'drydock', variablePrefix: '--code-', fontStyle: false })

/**
 * Code colours as classes (`code-token-string`) and not as `style` attributes, which the content security
 * policy refuses. `styles/code.css` gives the classes their colours in both themes.
 */
export const highlighting: Partial<ShikiConfig> = {
  theme,
  transformers: [
    {
      span(node) {
        const token = /--code-(token-[a-z-]+)/.exec(String(node.properties.style ?? ''))
        delete node.properties.style
        if (token) node.properties.class = `code-${token[1]}`
      },
      pre(node) {
        delete node.properties.style
        node.properties.class = 'code'
        const { file, id, quiet, norun } = fenceAttributes(this.options.meta?.__raw ?? '')
        if (typeof file === 'string') node.properties['data-file'] = file
        if (this.options.lang !== 'sh') return
        node.properties['data-run'] = norun === undefined ? 'yes' : 'no'
        if (quiet || norun) return
        node.properties['data-commands'] = this.source.trimEnd()
        if (id) node.properties['data-id'] = String(id)
      },
    },
  ],
}
