/**
 * xterm writes `<style>` elements and `style` attributes, which the page's content security policy refuses (no
 * `unsafe-inline`). The same rules put through the CSS object model are allowed, so both are led there.
 * `documentOverride` would be the place, but xterm 6 makes one of its style elements past it.
 *
 * Runs what makes xterm's elements, with `document.createElement('style')` giving constructed style sheets.
 */
export function withRoutedStyles(open: () => void): void {
  routeSpanStyles()
  document.createElement = ((name: string, options?: ElementCreationOptions) =>
    name === 'style'
      ? styleElement()
      : Document.prototype.createElement.call(document, name, options)) as typeof document.createElement
  try {
    open()
  } finally {
    Reflect.deleteProperty(document, 'createElement')
  }
}

/** Stands in for a style element (even an empty one is refused): what is written to it becomes a sheet. */
function styleElement(): HTMLElement {
  const element = Document.prototype.createElement.call(document, 'template')
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

/** Spans carry the colours beyond the palette, in an attribute. */
function routeSpanStyles(): void {
  if (Object.hasOwn(HTMLSpanElement.prototype, 'setAttribute')) return
  HTMLSpanElement.prototype.setAttribute = function (name, value) {
    if (name === 'style') this.style.cssText = value
    else Element.prototype.setAttribute.call(this, name, value)
  }
}
