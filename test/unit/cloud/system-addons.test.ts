import { expect, it } from 'vitest'
import { addons } from '#aws/eks/data/addons.ts'
import { SYSTEM_ADDONS } from '#cloud/system-addons.ts'
import { CATALOGUE } from '#containers/catalogue/catalogue.ts'
import { eksAddon } from '#kubernetes/eks-addons.ts'

const REGISTRY = '602401143452.dkr.ecr.us-east-1.amazonaws.com'

it('every version of the system add-ons that EKS offers finds its images in the catalogue', () => {
  const images = new Set(
    CATALOGUE.flatMap(({ names, images }) =>
      names.flatMap(({ host, repository }) =>
        images.flatMap(({ tags }) => tags.map((tag) => `${host}/${repository}:${tag}`)),
      ),
    ),
  )
  for (const name of SYSTEM_ADDONS) {
    const versions = new Set(Object.values(addons.find((addon) => addon.name === name)!.versions).flat())
    expect(versions.size).toBeGreaterThan(0)
    for (const version of versions) {
      const manifests = JSON.stringify(
        eksAddon(name, { version, registry: REGISTRY, dnsAddress: '10.100.0.10' }),
      )
      const wanted = [...manifests.matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image)
      for (const image of wanted) expect(images).toContain(image)
    }
  }
})
