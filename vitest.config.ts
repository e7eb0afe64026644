import { defineConfig } from 'vitest/config'
import LongestFirst from './test/support/sequencer.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One more than the cores that CI has: much of what a test does is waiting for its world.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Import CommonJS packages as Node.js itself does.
    deps: { interopDefault: false },
  },
})
