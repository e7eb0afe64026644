import { createHash } from 'node:crypto'
import { allPrices, PRICES_DATE, PRICES_REGION, type Price } from './data/prices.ts'

/** The codes of an on-demand term and of its hourly rate: the same in all of AWS's price lists. */
const ON_DEMAND = 'JRTCKXETXF'
const RATE = '6YS6EN2CT7'
const FORMAT = 'aws_v1'

/** Something that AWS sells, as its price list shows it. */
export interface Product {
  serviceCode: string
  /** What it can be found by. */
  attributes: Record<string, string>
  /** The price list's entry. */
  document: object
}

export { FORMAT as FORMAT_VERSION }

/** 16 letters and digits, the same each time. */
function skuOf({ serviceCode, usageType, operation }: Price): string {
  const hash = createHash('sha256').update([serviceCode, usageType, operation].join('\n')).digest()
  const alphabet = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'
  return [...hash.subarray(0, 16)].map((byte) => alphabet[byte % alphabet.length]).join('')
}

const SERVICE_NAMES: Record<string, string> = {
  AmazonEC2: 'Amazon Elastic Compute Cloud',
  AmazonECR: 'Amazon EC2 Container Registry (ECR)',
  AmazonECS: 'Amazon EC2 Container Service',
  AmazonEFS: 'Amazon Elastic File System',
  AmazonEKS: 'Amazon Elastic Container Service for Kubernetes',
  AmazonVPC: 'Amazon Virtual Private Cloud',
  AWSELB: 'Elastic Load Balancing',
  AWSSecretsManager: 'AWS Secrets Manager',
  awskms: 'AWS Key Management Service',
}

function toProduct(price: Price): Product {
  const sku = skuOf(price)
  const attributes: Record<string, string> = {
    ...price.attributes,
    servicecode: price.serviceCode,
    servicename: SERVICE_NAMES[price.serviceCode]!,
    location: PRICES_REGION.location,
    locationType: 'AWS Region',
    regionCode: PRICES_REGION.code,
    usagetype: price.usageType,
    operation: price.operation,
  }
  const rateCode = `${sku}.${ON_DEMAND}.${RATE}`
  const term = {
    priceDimensions: {
      [rateCode]: {
        unit: price.unit,
        endRange: 'Inf',
        description: price.description,
        appliesTo: [],
        rateCode,
        beginRange: '0',
        pricePerUnit: { USD: price.usd.toFixed(10) },
      },
    },
    sku,
    effectiveDate: `${PRICES_DATE.slice(0, 7)}-01T00:00:00Z`,
    offerTermCode: ON_DEMAND,
    termAttributes: {},
  }
  return {
    serviceCode: price.serviceCode,
    attributes: { ...attributes, productFamily: price.productFamily },
    document: {
      product: { productFamily: price.productFamily, attributes, sku },
      serviceCode: price.serviceCode,
      terms: { OnDemand: { [`${sku}.${ON_DEMAND}`]: term } },
      version: `${PRICES_DATE.replaceAll('-', '')}000000`,
      publicationDate: `${PRICES_DATE}T00:00:00Z`,
    },
  }
}

let made: Map<string, Product[]> | undefined

/** The products by service code. */
export function products(): Map<string, Product[]> {
  made ??= Map.groupBy(
    allPrices()
      .map(toProduct)
      .sort((a, b) => (a.serviceCode.toLowerCase() < b.serviceCode.toLowerCase() ? -1 : 1)),
    ({ serviceCode }) => serviceCode,
  )
  return made
}
