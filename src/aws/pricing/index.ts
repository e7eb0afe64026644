export {
  autoModePrice,
  instancePrice,
  PRICES,
  PRICES_DATE,
  PRICES_REGION,
  type Price,
  type PriceName,
} from './data/prices.ts'
export { pricingService } from './service.ts'
