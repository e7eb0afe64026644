import { describe, expect, it } from 'vitest'
import { Compiler, faultOf } from '#kubernetes/apiserver/cel/compiler.ts'

// Values and texts of k8s.io/apiserver/pkg/cel/library/*_test.go, cel-go's ext/*_test.go and the examples in their documentation.

const compiler = new Compiler({ self: 'dyn' })

/** The value of an expression, or what went wrong with it. */
function evaluated(expression: string, self: unknown = {}): unknown {
  const { value, error } = compiler.compile(expression)({ self })
  if (error) return faultOf(error)
  return value
}

function facts(values: Record<string, unknown>): void {
  for (const [expression, value] of Object.entries(values))
    expect([expression, evaluated(expression)]).toEqual([expression, value])
}

describe('addresses', () => {
  it('tells one from other texts', () => {
    facts({
      "isIP('127.0.0.1') && isIP('::1') && isIP('2001:db8::68')": true,
      "isIP('127.0.0.256') || isIP(':::1') || isIP('1.2.3') || isIP('01.2.3.4')": false,
      "isIP('::ffff:1.2.3.4') || isIP('fe80::1%eth0')": false,
      "ip.isCanonical('127.0.0.1') && ip.isCanonical('2001:db8::abcd')": true,
      "ip.isCanonical('2001:DB8::ABCD') || ip.isCanonical('2001:db8::0:0:0:abcd')": false,
    })
  })

  it('knows what an address is for', () => {
    facts({
      "ip('127.0.0.1').family() == 4 && ip('::1').family() == 6": true,
      "ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified() && !ip('127.0.0.1').isUnspecified()": true,
      "ip('127.9.9.9').isLoopback() && ip('::1').isLoopback() && !ip('2001:db8::abcd').isLoopback()": true,
      "ip('224.0.0.1').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()": true,
      "ip('224.0.1.1').isLinkLocalMulticast() || ip('fd00::1').isLinkLocalMulticast()": false,
      "ip('169.254.169.254').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast()": true,
      "ip('192.168.0.1').isGlobalUnicast() && ip('2001:db8::abcd').isGlobalUnicast()": true,
      "ip('255.255.255.255').isGlobalUnicast() || ip('ff00::1').isGlobalUnicast()": false,
      "string(ip('2001:db8:0:0:1:0:0:1'))": '2001:db8::1:0:0:1',
      "ip('2001:DB8::1') == ip('2001:db8:0::1')": true,
    })
  })

  it('reads networks and says what they contain', () => {
    facts({
      "isCIDR('192.168.0.0/16') && isCIDR('::1/128')": true,
      "isCIDR('192.168.0.0/33') || isCIDR('::1/129') || isCIDR('10.0.0.0') || isCIDR('10.0.0.0/08')": false,
      "cidr('192.168.0.0/24').containsIP(ip('192.168.0.1')) && cidr('192.168.0.0/24').containsIP('192.168.0.9')": true,
      "cidr('192.168.0.0/24').containsIP('192.168.1.1') || cidr('::/0').containsIP('10.0.0.1')": false,
      "cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') && cidr('10.0.0.0/8').containsCIDR(cidr('10.0.0.0/8'))": true,
      "cidr('192.168.1.0/24').containsCIDR('192.168.2.0/24') || cidr('10.0.0.0/16').containsCIDR('10.0.0.0/8')": false,
      "cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24')": true,
      "string(cidr('10.1.2.3/20').masked())": '10.1.0.0/20',
      "cidr('192.168.0.1/24').ip() == ip('192.168.0.1') && cidr('::1/128').prefixLength() == 128": true,
    })
  })

  it('says what is wrong with a text, as Go does', () => {
    const parse = (text: string, why: string) =>
      `IP Address "${text}" parse error during conversion from string: ParseAddr("${text}"): ${why}`
    const network = 'network address parse error during conversion from string: '
    facts({
      "ip('1.2.3.256')": parse('1.2.3.256', 'IPv4 field has value >255'),
      "ip('1.2.3.04')": parse('1.2.3.04', 'IPv4 field has octet with leading zero'),
      "ip('1.2.3')": parse('1.2.3', 'IPv4 address too short'),
      "ip('web')": parse('web', 'unable to parse IP'),
      "ip(':::1')": parse(':::1', 'each colon-separated field must have at least one digit (at ":1")'),
      "ip('1:2')": parse('1:2', 'address string too short'),
      "ip('fe80::1%eth0')": 'IP address "fe80::1%eth0" with zone value is not allowed',
      "ip('::ffff:1.2.3.4')": 'IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed',
      "cidr('10.0.0.0/33')": `${network}${network}netip.ParsePrefix("10.0.0.0/33"): prefix length out of range`,
      "cidr('10.0.0.0')": `${network}${network}netip.ParsePrefix("10.0.0.0"): no '/'`,
    })
  })

  it('leaves the name ip to who takes it for a variable', () => {
    expect(evaluated("self.all(ip, isIP(ip) && ip != '')", ['10.0.0.1'])).toBe(true)
  })
})

it('checks named formats, and says what is wrong in the words of the API', () => {
  const label =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
  facts({
    "format.dns1123Label().validate('my-label-name').hasValue()": false,
    "format.dns1123Label().validate('contains a space').value()": [label],
    "format.dns1123Label().validate('a.b').value()": ['must not contain dots'],
    "format.dns1123LabelPrefix().validate('my-label-prefix-').hasValue()": false,
    "format.dns1123SubdomainPrefix().validate('mysubdomain.prefix.-').hasValue()": false,
    "format.qualifiedName().validate('apiextensions.k8s.io/v1beta1').hasValue()": false,
    "format.qualifiedName().validate('a/b/c').hasValue()": true,
    "format.uri().validate('../x').value()": ['parse "../x": invalid URI for request'],
    "format.uuid().validate('1').value()": ['does not match the UUID format'],
    "format.byte().validate('aGVsbG8').value()": ['invalid base64'],
    "format.date().validate('2020-01-32').value()": ['invalid date'],
    "format.datetime().validate('2020-01-01T00:00:00Z').hasValue()": false,
    "format.named('dns1123Label').value() == format.dns1123Label()": true,
    "format.named('unknown').hasValue()": false,
  })
})

it('compares semantic versions', () => {
  facts({
    "isSemver('1.2.3-beta.1+build.1') && isSemver('v1.0', true)": true,
    "isSemver('v1.0') || isSemver('hello') || isSemver('1.2.3-01')": false,
    "semver('1.2.3').major() == 1 && semver('01.02', true).minor() == 2 && semver('1.2.3-rc').patch() == 3": true,
    "semver('1.2.3').compareTo(semver('1.2.3+x'))": 0n,
    "semver('1.2.3').compareTo(semver('2.0.0'))": -1n,
    "semver('1.2.3-alpha.2').isLessThan(semver('1.2.3-alpha.10')) && semver('1.2.3').isGreaterThan(semver('1.2.3-rc'))": true,
    "semver('200K')": 'No Major.Minor.Patch elements found',
    "semver('01.2.3')": 'Major number must not contain leading zeroes "01"',
    "semver('1.2.x')": 'Invalid character(s) found in patch number "x"',
    "semver('1-rc', true)": 'short version cannot contain PreRelease/Build meta data',
  })
})

it('has macros of two variables', () => {
  facts({
    '[1, 2, 3].all(i, j, i < j)': true,
    "{'hello': 'world', 'taco': 'taco'}.all(k, v, k != v)": false,
    "{'h': ['hello', 'hi'], 'j': ['joke', 'jog']}.all(k, vals, vals.all(v, v.startsWith(k)))": true,
    "{'greeting': 'hello', 'farewell': 'goodbye'}.exists(k, v, k.startsWith('good') || v.endsWith('bye'))": true,
    '[1, 2, 4].exists(i, v, v == 1024 && i == 10)': false,
    '[1, 1, 2, 2].existsOne(i, v, i == 2 && v == 2)': true,
    '[1, 2, 3].transformList(i, v, i % 2 == 0, (i * v) + v)': [1n, 9n],
    "{'greeting': 'hello'}.transformMap(k, v, v + '!')": { greeting: 'hello!' },
    "{'greeting': 'hello'}.transformMapEntry(k, v, {v: k})": { hello: 'greeting' },
    "{'a': 'x', 'b': 'x'}.transformMapEntry(k, v, {v: k})": 'insert failed: key x already exists',
    // What decides counts for more than what cannot be evaluated.
    '[0, 1].exists(i, v, 1 / v == 1)': true,
    '[0, 2].exists(i, v, 1 / v == 1)': 'division by zero',
  })
  expect(() => compiler.compile('[1].all(1, j, true)')).toThrow('argument must be a simple name')
  expect(() => compiler.compile('[1].all(i, j, k)')).toThrow('Unknown variable: k')
})

it('reads URLs as Go does', () => {
  const text = 'https://user:pass@example.com:443/a b?k=1&k=2%203#f'
  facts({
    [`url('${text}').getHost() + ' ' + url('${text}').getHostname()`]: 'example.com:443 example.com',
    [`url('${text}').getPort()`]: '443',
    [`url('${text}').getEscapedPath()`]: '/a%20b',
    [`url('${text}').getQuery()`]: { k: ['1', '2 3'] },
    "url('https://[::1]:80/').getHostname()": '::1',
    "url('/path').getScheme() + url('/path').getHost()": '',
    "isURL('/absolute-path') && isURL('https://example.com') && !isURL('https://a:b:c/')": true,
    "url('../x')": 'URL parse error during conversion from string: parse "../x": invalid URI for request',
  })
})

it('maps optional values, quotes texts, and makes texts of times', () => {
  facts({
    "optional.of('x').optMap(v, v + 'y').orValue('z')": 'xy',
    "optional.none().optMap(v, v + 'y').orValue('z')": 'z',
    '{}.?a.optFlatMap(v, v.?b).hasValue()': false,
    "optional.ofNonZeroValue('').hasValue() || optional.ofNonZeroValue([]).hasValue()": false,
    "strings.quote('a\"b')": '"a\\"b"',
    "string(timestamp('2020-01-01T00:00:00.120Z')) + ' ' + string(duration('90m'))":
      '2020-01-01T00:00:00.12Z 5400s',
    "'abcabc'.findAll('[ab]', 2)": ['a', 'b'],
    "quantity('1000m') == quantity('1')": true,
  })
})
