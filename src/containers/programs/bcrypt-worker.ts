import { parentPort, workerData } from 'node:worker_threads'
import bcrypt from 'bcryptjs'

/** What is asked of bcrypt: whether a password is that of a hash, or for its hash. */
export type BcryptJob = { password: string; hash: string } | { password: string; cost: number }

const job = workerData as BcryptJob
parentPort!.postMessage(
  'hash' in job ? bcrypt.compareSync(job.password, job.hash) : bcrypt.hashSync(job.password, job.cost),
)
