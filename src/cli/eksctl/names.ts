import { randomBytes } from 'node:crypto'

const ADJECTIVES = [
  'adorable',
  'attractive',
  'beautiful',
  'extravagant',
  'fabulous',
  'floral',
  'hilarious',
  'scrumptious',
  'unique',
  'wonderful',
]
const THINGS = [
  'badger',
  'creature',
  'gopher',
  'hideout',
  'lagoon',
  'mongoose',
  'mushroom',
  'outfit',
  'party',
  'sculpture',
]

const pick = (list: string[]) => list[randomBytes(1)[0]! % list.length]!

/** `fabulous-gopher-1544823146` */
export const clusterName = () => `${pick(ADJECTIVES)}-${pick(THINGS)}-${Math.floor(Date.now() / 1000)}`

/** `ng-3f2a9c01` */
export const nodegroupName = () => `ng-${randomBytes(4).toString('hex')}`
