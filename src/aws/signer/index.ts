export { signerService } from './service.ts'
export { cannotSign, ENVELOPE_TYPE, profileByArn, signNotation } from './sign.ts'
