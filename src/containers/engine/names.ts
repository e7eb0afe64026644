import type { Ids } from '#world/ids.ts'

const ADJECTIVES =
  'admiring agile brave bright calm clever cool dazzling eager elegant fervent focused gentle happy hopeful jolly keen kind lucid merry modest nifty patient quiet relaxed sharp serene steady sunny swift tender trusting upbeat vibrant vigilant wise witty zealous'.split(
    ' ',
  )
const PEOPLE =
  'allen archimedes babbage bell blackwell bohr curie darwin dijkstra einstein euler faraday fermat feynman franklin galileo gauss germain goodall hamilton hawking hopper hypatia johnson kepler lamarr lovelace maxwell mendel meitner newton noether pascal perlman ride shannon tesla turing wozniak'.split(
    ' ',
  )

/** A name such as the engine makes up for a container. */
export const makeName = (ids: Ids): string =>
  `${ADJECTIVES[ids.number(ADJECTIVES.length)]}_${PEOPLE[ids.number(PEOPLE.length)]}`
