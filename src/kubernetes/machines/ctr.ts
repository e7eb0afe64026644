import type { Program } from '#containers/processes/process.ts'
import { normalizeImage } from '../kubelet/node-images.ts'
import type { Machines } from './machines.ts'

/**
 * `ctr` of a machine, for its images. `images import` takes the image of the world's Docker Engine that the archive names: blobs are the
 * same everywhere in a world, so only the name must come through the pipe.
 */
export const ctr =
  (machines: Machines): Program =>
  async (process) => {
    const node = machines.of(process.machine)
    const words = process.argv.slice(1).filter((word) => !word.startsWith('-'))
    const [what, verb, name = ''] = words[0] === 'k8s.io' ? words.slice(1) : words
    const fail = async (text: string) => {
      await process.complain(`ctr: ${text}\n`)
      return 1
    }
    if (!node?.runtimeUp)
      return fail(
        'failed to dial "/run/containerd/containerd.sock": connection error: desc = "transport: error while dialing: dial unix:///run/containerd/containerd.sock: timeout"',
      )
    if (what !== 'images' && what !== 'image' && what !== 'i')
      return fail(`drydock: ctr ${words.join(' ')} is not simulated`)
    if (verb === 'ls' || verb === 'list') {
      const rows = machines.images
        .list(node.name)
        .map(({ reference, image }) => `${reference} ${image.manifestDigest ?? image.id}\n`)
      await process.print(`REF DIGEST\n${rows.join('')}`)
      return 0
    }
    if (verb !== 'import') return fail(`drydock: ctr images ${verb ?? ''} is not simulated`)
    const reference = normalizeImage(name)
    const image = machines.options.engineImage?.(name)
    if (!image) return fail(`image ${name} is not in the Docker Engine`)
    machines.images.put(node.name, {
      reference,
      image,
      sizeBytes: image.layers.reduce((sum, { size }) => sum + size, 0),
    })
    await process.print(`unpacking ${reference} (${image.id})...done\n`)
    return 0
  }
