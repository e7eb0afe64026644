/** Paths of the icons, drawn in a 24 by 24 box with a 1.75 stroke. */
export const icons = {
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clock: 'M12 7v5l3 2M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18z',
  close: 'M6 6l12 12M18 6L6 18',
  copy: 'M9 9h10v11H9zM15 9V4H5v11h4',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  files: 'M4 6h6l2 2.5h8V19H4z',
  bin: 'M5 7h14M10 4h4M7 7l1 13h8l1-13M10.5 11v5.5M13.5 11v5.5',
  world: 'M12 3.5l7.5 4.2v8.6L12 20.5l-7.5-4.2V7.7zM4.5 7.7L12 12l7.5-4.3M12 12v8.5',
  terminal: 'M4 6l5 5-5 5M12 18h8',
  arrow: 'M5 12h14M13 6l6 6-6 6',
  search: 'M10.5 4a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13zM15.5 15.5L20 20',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5',
  reset: 'M4 5v5h5M4.6 10A8 8 0 1 1 4 14',
  text: 'M4 5h16v14H4zM8 9h8M8 12h8M8 15h5',
  both: 'M4 5h16v14H4zM12 5v14',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1 1M17.4 17.4l1 1M5.6 18.4l1-1M17.4 6.6l1-1',
  moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
  system: 'M12 4a8 8 0 1 1 0 16zM12 4a8 8 0 0 0 0 16',
  book: 'M5 4.5h10a4 4 0 0 1 4 4V20H9a4 4 0 0 1-4-4zM5 16a4 4 0 0 1 4-4h10',
  alert: 'M12 4l9 16H3zM12 10v4M12 17v.01',
  keyboard: 'M3 7h18v10H3zM7 10.5v.01M10.3 10.5v.01M13.7 10.5v.01M17 10.5v.01M8 14h8',
  dot: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8z',
} as const

export type IconName = keyof typeof icons
