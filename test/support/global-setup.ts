import { prepare } from '../../src/cli/prepare.ts'

/** Before all tests: what the repository does not carry (tools, derived tables) is made, as `npm start` does. */
export default async function setup(): Promise<void> {
  await prepare((what, done) => {
    if (done === undefined || done === 1) console.log(`preparing: ${what}`)
  })
}
