// The key / leads to the search, from everywhere but where one writes.
document.addEventListener('keydown', (event) => {
  const { key, target, altKey, ctrlKey, metaKey } = event
  const writes = target instanceof Element && target.closest('input, textarea, select, [contenteditable]')
  if (key !== '/' || writes || altKey || ctrlKey || metaKey) return
  event.preventDefault()
  document.querySelector<HTMLElement>('[data-search-link]')?.click()
})
