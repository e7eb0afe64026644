import type { ConsoleColumn } from '../api.ts'

/** A value of a request; a text that begins with `$` is a path: `$item` is what was listed, `$parent.name` the parent's attribute, `$InstanceId` the resource's own. */
export type Template = string | number | boolean | Template[] | { [member: string]: Template }

/** A read call: operation, input, and the path of what is wanted in its output. */
export interface ReadCall {
  operation: string
  input?: Record<string, Template>
  path: string
}

/** How the console reads and shows one type of resources. Paths are members joined by dots; they go through lists (`Reservations.Instances`). */
export interface ResourceType {
  /** `instances`; unique with its service: `ec2/instances`. */
  id: string
  /** As the console's menu calls them, and one of them. */
  title: string
  one: string
  /** The API that knows them, where it is not the menu entry's own. */
  service?: string
  /** The type that they belong to: they are listed for each of its resources. */
  parent?: string
  /** Operation that lists them; with `inputs`, once with each. What it gives may be names only. */
  list: ReadCall & { inputs?: Record<string, Template>[] }
  /** Asked for each that was listed. */
  describe?: ReadCall
  /** Path of what tells them apart under their parent. */
  key: string
  /** Paths of ids and ARNs by which other resources name them. */
  identities?: string[]
  /** Path of the name people know them by. Default: the `Name` tag, if any. */
  name?: string
  columns: ConsoleColumn[]
  /** Paths of plain names in them → the type that has that name. */
  names?: Record<string, string>
  /** So many are shown. Default 1,000. */
  most?: number
  /** For histories: the path of the names of what they tell of. */
  tells?: string
  /** The command that shows the resource: input of `describe` or else of `list`. Default: `describe`'s own. */
  show?: Record<string, Template>
  /** Store folders of other services whose changes show in them. */
  follows?: string[]
}

/** An entry of the console's menu. */
export interface ConsoleService {
  id: string
  title: string
  /** The API; default: `id`. */
  service?: string
  types: ResourceType[]
}
