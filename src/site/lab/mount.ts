import { type ComponentType, createElement, render } from 'preact'

/** Puts a component into each `[data-island="name"]`; the element's other data attributes are its properties. */
export function mount(name: string, component: ComponentType<Record<string, string>>): void {
  for (const element of document.querySelectorAll<HTMLElement>(`[data-island="${name}"]`)) {
    const { island: _, ...properties } = element.dataset
    element.replaceChildren()
    render(createElement(component, properties as Record<string, string>), element)
  }
}
