import type * as sdk from '@aws-sdk/client-pricing'
import { pageOf } from '../table.ts'
import { AwsError, type Handler, type Service } from '../wire/service.ts'
import { FORMAT_VERSION, type Product, products } from './products.ts'

const MOST = 100

const invalidToken = () => new AwsError('InvalidNextTokenException', 'NextToken is invalid')
const invalid = (message: string) => new AwsError('InvalidParameterException', message)

/** Throws NotFoundException. */
function productsOf(serviceCode: string | undefined): Product[] {
  const found = products().get(serviceCode ?? '')
  if (!found) throw new AwsError('NotFoundException', `Service code ${serviceCode} is not found`)
  return found
}

const attributeNames = (of: Product[]) =>
  [...new Set(of.flatMap(({ attributes }) => Object.keys(attributes)))].sort()

function checkFormat(version: string | undefined): void {
  if (version !== undefined && version !== FORMAT_VERSION)
    throw invalid(`The format version ${version} is not supported: use ${FORMAT_VERSION}`)
}

/** https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_Filter.html */
function fits({ attributes }: Product, { Type, Field = '', Value = '' }: sdk.Filter): boolean {
  const has = attributes[Field]
  const values = Value.split(',')
  switch (Type) {
    case 'CONTAINS':
      return has?.includes(Value) ?? false
    case 'ANY_OF':
      return has !== undefined && values.includes(has)
    case 'NONE_OF':
      return has === undefined || !values.includes(has)
    default:
      return has === Value
  }
}

const handlers: Record<string, Handler> = {
  DescribeServices: (input: sdk.DescribeServicesCommandInput) => {
    checkFormat(input.FormatVersion)
    const all = input.ServiceCode
      ? [[input.ServiceCode, productsOf(input.ServiceCode)] as const]
      : [...products()]
    const { items, next } = pageOf(all, input.MaxResults ?? MOST, input.NextToken, invalidToken)
    return {
      FormatVersion: FORMAT_VERSION,
      Services: items.map(([ServiceCode, of]) => ({ ServiceCode, AttributeNames: attributeNames(of) })),
      NextToken: next,
    }
  },
  GetAttributeValues: (input: sdk.GetAttributeValuesCommandInput) => {
    const of = productsOf(input.ServiceCode)
    const name = input.AttributeName!
    if (!attributeNames(of).includes(name))
      throw new AwsError(
        'NotFoundException',
        `Attribute ${name} is not found for service ${input.ServiceCode}`,
      )
    const values = [...new Set(of.flatMap(({ attributes }) => attributes[name] ?? []))].sort()
    const { items, next } = pageOf(values, input.MaxResults ?? MOST, input.NextToken, invalidToken)
    return { AttributeValues: items.map((Value) => ({ Value })), NextToken: next }
  },
  GetProducts: (input: sdk.GetProductsCommandInput) => {
    checkFormat(input.FormatVersion)
    const filters = input.Filters ?? []
    const found = productsOf(input.ServiceCode).filter((product) =>
      filters.every((filter) => fits(product, filter)),
    )
    const { items, next } = pageOf(found, input.MaxResults ?? MOST, input.NextToken, invalidToken)
    return {
      FormatVersion: FORMAT_VERSION,
      PriceList: items.map(({ document }) => JSON.stringify(document)),
      NextToken: next,
    }
  },
}

/** AWS Price List: https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_Operations_AWS_Price_List_Service.html */
export const pricingService: Service = {
  name: 'pricing',
  sdk: () => import('@aws-sdk/client-pricing'),
  actionPrefix: 'pricing',
  endpoints: [{ prefix: 'api.pricing' }],
  botocoreName: 'pricing',
  handlers,
}
