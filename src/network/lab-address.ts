/** The public address from which the lab shell reaches the internet (TEST-NET-3, RFC 5737). */
export const LAB_ADDRESS = '203.0.113.10'
