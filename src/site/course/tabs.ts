/** `<Tabs>`: a tab list over its sections, by pointer and arrow keys; a button shows all of them at once. */
export class TabsElement extends HTMLElement {
  #tabs: HTMLButtonElement[] = []

  connectedCallback(): void {
    if (this.#tabs.length > 0) return
    const panels = [...this.querySelectorAll<HTMLElement>(':scope > .tab')]
    const list = document.createElement('div')
    list.role = 'tablist'
    list.ariaLabel = this.dataset.label ?? ''
    const prefix = `tabs-${[...document.querySelectorAll('drydock-tabs')].indexOf(this)}`
    this.#tabs = panels.map((panel, index) => {
      const tab = document.createElement('button')
      tab.type = 'button'
      tab.role = 'tab'
      tab.id = `${prefix}-${index}`
      tab.textContent = panel.dataset.name ?? ''
      panel.role = 'tabpanel'
      panel.id = `${prefix}-panel-${index}`
      panel.setAttribute('aria-labelledby', tab.id)
      tab.setAttribute('aria-controls', panel.id)
      tab.addEventListener('click', () => this.#show(panels, index))
      tab.addEventListener('keydown', (event) => this.#move(event, panels, index))
      return tab
    })
    list.append(...this.#tabs)
    const all = document.createElement('button')
    all.type = 'button'
    all.className = 'button quiet small'
    all.textContent = this.dataset.both ?? ''
    all.addEventListener('click', () => {
      const both = this.classList.toggle('all')
      all.textContent = (both ? this.dataset.one : this.dataset.both) ?? ''
      list.hidden = both
      if (!both) this.#show(panels, 0)
      else for (const panel of panels) panel.hidden = false
    })
    const bar = document.createElement('div')
    bar.className = 'tabs-bar'
    bar.append(list, all)
    this.prepend(bar)
    this.classList.add('live')
    this.#show(panels, 0)
  }

  #show(panels: HTMLElement[], shown: number): void {
    for (const [index, panel] of panels.entries()) {
      panel.hidden = index !== shown
      const tab = this.#tabs[index]!
      tab.ariaSelected = String(index === shown)
      tab.tabIndex = index === shown ? 0 : -1
    }
  }

  #move(event: KeyboardEvent, panels: HTMLElement[], index: number): void {
    const { length } = this.#tabs
    const to = { ArrowRight: index + 1, ArrowLeft: index - 1 + length, Home: 0, End: length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    this.#show(panels, to % length)
    this.#tabs[to % length]!.focus()
  }
}
