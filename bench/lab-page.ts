// From a link to a lab's page to its Start button, on Lighthouse's throttled phone (1.6 Mbit/s, 150 ms, a CPU of a quarter), a new browser each
// time, from a warm server: `node bench/lab-page.ts`. Exits with 1 if the aim is missed. Beside it what the time is made of, which no other work
// of the machine changes: requests and bytes until then, and how many of them wait for each other.
import { loadLabs } from '#labs/load.ts'
import { buildSite } from '#site/build.ts'
import { launchBrowser } from '../test/support/browser.ts'
import { TestServer } from '../test/support/server.ts'

const AIM_MS = 1_500
const ROUNDS = 7
const PATH = '/labs/first-eks-cluster/'
const LATENCY_MS = 150
const BYTES_PER_SECOND = (1.6 * 1024 * 1024) / 8
const CPU = 4

const server = await TestServer.start({ labs: loadLabs(), site: buildSite() })
const browser = await launchBrowser()
const [name, value] = server.cookie.split('=') as [string, string]

interface Sent {
  url: string
  bytes: number
  begin: number
  end: number
}

async function visit(throttled: boolean): Promise<{ time: number; sent: Sent[] }> {
  const context = await browser.newContext({ viewport: { width: 412, height: 823 } })
  await context.addCookies([{ name, value, url: server.url }])
  const page = await context.newPage()
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  if (throttled) {
    await devtools.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: LATENCY_MS,
      downloadThroughput: BYTES_PER_SECOND,
      uploadThroughput: BYTES_PER_SECOND,
    })
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: CPU })
  }
  const known = new Map<string, Sent>()
  devtools.on('Network.requestWillBeSent', ({ requestId, request, timestamp }) =>
    known.set(requestId, { url: new URL(request.url).pathname, bytes: 0, begin: timestamp, end: Infinity }),
  )
  devtools.on('Network.dataReceived', ({ requestId, encodedDataLength }) => {
    const request = known.get(requestId)
    if (request) request.bytes += encodedDataLength
  })
  devtools.on('Network.loadingFinished', ({ requestId, timestamp }) => {
    const request = known.get(requestId)
    if (request) request.end = timestamp
  })
  await page.addInitScript(() => {
    const look = new MutationObserver(() => {
      const start = document.querySelector<HTMLButtonElement>('[data-island="terminal"] button.primary')
      if (!start || start.disabled) return
      look.disconnect()
      performance.mark('start')
    })
    look.observe(document, { subtree: true, childList: true, attributes: true })
  })
  await page.goto(server.url + PATH, { waitUntil: 'commit' })
  await page.getByRole('button', { name: 'Start the lab' }).waitFor({ timeout: 60_000 })
  const time = await page.evaluate(() => performance.getEntriesByName('start')[0]!.startTime)
  await context.close()
  return { time, sent: [...known.values()] }
}

/** Until the button is there: the page, what it is made of, and the lab's state. */
function needed(sent: Sent[]): Sent[] {
  const events = sent.find(({ url }) => url.endsWith('/events'))
  return sent.filter((request) => request === events || (events && request.end <= events.begin))
}

/** How many requests had to wait for each other: a request waits for those that had ended when it began. */
function depth(sent: Sent[]): number {
  const depths = new Map<Sent, number>()
  for (const request of sent.toSorted((a, b) => a.begin - b.begin))
    depths.set(
      request,
      1 +
        Math.max(
          0,
          ...sent.filter(({ end }) => end <= request.begin).map((before) => depths.get(before) ?? 0),
        ),
    )
  return Math.max(...depths.values())
}

await visit(false)
const visits = []
for (let round = 0; round < ROUNDS; round++) visits.push(await visit(true))
const times = visits.map(({ time }) => time).sort((a, b) => a - b)
const median = times[Math.floor(ROUNDS / 2)]!
const path = needed(visits[0]!.sent)
console.log(
  `to the Start button: p50 ${median.toFixed(0)} ms, best ${times[0]!.toFixed(0)} ms, worst ${times.at(-1)!.toFixed(0)} ms (aim: ${AIM_MS})`,
)
console.log(
  `until then ${path.length} requests, ${depth(path)} after each other, ${(path.reduce((sum, { bytes }) => sum + bytes, 0) / 1000).toFixed(1)} kB: ${path.map(({ url }) => url).join(' ')}`,
)
await browser.close()
await server.close()
process.exit(median < AIM_MS ? 0 : 1)
