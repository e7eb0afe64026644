// Runs before the first paint, so that neither chosen colours nor a chosen language flash, and nothing moves.
{
  const theme = localStorage.getItem('drydock.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme

  if (localStorage.getItem('drydock.tour.asked') !== 'true') document.documentElement.dataset.newcomer = ''

  const folders = { en: '', 'zh-CN': '/zh-CN' }
  const understood = () =>
    navigator.languages
      .map((tag) => (/^zh\b/i.test(tag) ? 'zh-CN' : /^en\b/i.test(tag) ? 'en' : undefined))
      .find((language) => language)
  const wanted = localStorage.getItem('drydock.language') ?? understood()
  const here = document.documentElement.lang
  if (wanted in folders && wanted !== here)
    location.replace(
      folders[wanted] + location.pathname.slice(folders[here].length) + location.search + location.hash,
    )

  // On a slow line fonts would be in the way of what makes a lab's page work. So on the first visit they are asked for when it
  // does; later the browser has them.
  const fonts = document.querySelector('#fonts')
  if ('later' in fonts.dataset && localStorage.getItem('drydock.fonts') !== 'true') {
    fonts.media = 'not all'
    addEventListener('load', () => {
      fonts.media = 'all'
    })
  }
  addEventListener('load', () => localStorage.setItem('drydock.fonts', 'true'))
}
