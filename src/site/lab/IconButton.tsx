import type { ButtonHTMLAttributes } from 'preact'
import type { IconName } from '../components/icons.ts'
import { Icon } from './Icon.tsx'

interface Props extends ButtonHTMLAttributes {
  icon: IconName
  /** What it does, for whoever cannot tell by the picture. */
  label: string
}

/** A button that is a picture. */
export function IconButton({ icon, label, class: more, ...others }: Props) {
  return (
    <button
      type="button"
      class={more ? `icon-button ${more}` : 'icon-button'}
      aria-label={label}
      title={label}
      {...others}
    >
      <Icon name={icon} />
    </button>
  )
}
