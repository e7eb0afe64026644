/**
 * xterm writes `<style>` elements and `style` attributes, which the page's content security policy refuses
 * (no `unsafe-inline`). The same rules put through the CSS object model are allowed, so both are led there:
 * a document for xterm's `documentOverride` whose style elements are constructed style sheets, and spans whose
 * `style` attribute is set as `cssText`.
 */
export function cspDocument(): Document {
  routeSpanStyles()
  return new Proxy(document, {
    get(target, property) {
      if (property === 'createElement')
        return (name: string, options?: ElementCreationOptions) =>
          name === 'style' ? styleElement() : target.createElement(name, options)
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** A style element without text of its own: what is written to it becomes a sheet of the document. */
function styleElement(): HTMLStyleElement {
  const element = document.createElement('style')
  const sheet = new CSSStyleSheet()
  let text = ''
  document.adoptedStyleSheets.push(sheet)
  Object.defineProperty(element, 'textContent', {
    get: () => text,
    set(value: string) {
      text = value
      sheet.replaceSync(value)
    },
  })
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet)
    Element.prototype.remove.call(element)
  }
  return element
}

function routeSpanStyles(): void {
  if (Object.hasOwn(HTMLSpanElement.prototype, 'setAttribute')) return
  HTMLSpanElement.prototype.setAttribute = function (name, value) {
    if (name === 'style') this.style.cssText = value
    else Element.prototype.setAttribute.call(this, name, value)
  }
}
