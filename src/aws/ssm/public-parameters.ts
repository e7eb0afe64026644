import { images } from '../ec2/data/images.ts'
import { imageId } from '../ec2/public-images.ts'

/** The date of the public parameters: that of the images that they name. */
export interface PublicParameter {
  name: string
  value: string
  /** ms since the epoch. */
  modified: number
}

/**
 * AWS's public parameters of a region: the ids of the recommended images.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-ami.html
 */
export function publicParameters(region: string): PublicParameter[] {
  return images.flatMap((image) => {
    const modified = Date.parse(image.created)
    const id = imageId(image, region)
    if (image.parameter === undefined) return []
    const base = image.parameter.replace(/\/image_id$/, '')
    if (base === image.parameter) {
      const names = [base, ...(image.alias ? [image.alias] : [])]
      return names.map((name) => ({ name, value: id, modified }))
    }
    const details: Record<string, string> = { image_id: id, image_name: image.name, ...image.release }
    return [
      { name: base, value: JSON.stringify({ schema_version: '2', ...details }), modified },
      ...Object.entries(details).map(([key, value]) => ({ name: `${base}/${key}`, value, modified })),
    ]
  })
}

/** Which of them every account may read, and nobody may write. */
export const isPublic = (name: string): boolean => name.startsWith('/aws/service/')
