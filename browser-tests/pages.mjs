// Every page that each persona can reach from its own links, at 1280 and 320 px: it answers, axe finds nothing, and it
// never scrolls sideways.
import { Tally, open, violations } from "./browser.mjs";

const base = process.argv[2];
const browser = await open();
const tally = new Tally();
const PAGES_MAX = 14;

const listing = await browser.newPage();
await listing.goto(`${base}/sign-in`);
const personas = await listing.$$eval('button[name="login"]', (all) => all.map((b) => b.value));
tally.check(personas.length >= 12, `twelve personas or more, found ${personas.length}`);
await listing.close();

/** `/participants/S01-001/visits/V9` → `/participants/*​/visits/*`: one page of each shape is enough. */
const shape = (path) => path.split("?")[0].replace(/\/[A-Z0-9][A-Za-z0-9.-]*(?=\/|$)/g, "/*").replace(/[0-9a-f]{16,}(\.\d+)?/g, "*");

for (const login of personas) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`${base}/enter/${login}`);
  const queue = [new URL(page.url()).pathname];
  const seen = new Set(queue.map(shape));
  let looked = 0;
  while (queue.length > 0 && looked < PAGES_MAX) {
    const path = queue.shift();
    looked += 1;
    for (const width of [1280, 320]) {
      await page.setViewportSize({ width, height: 900 });
      const reply = await page.goto(base + path);
      tally.check(reply.status() === 200, `${login} ${path}: ${reply.status()}`);
      for (const violation of await violations(page)) tally.check(false, `${login} ${path} at ${width}: ${violation}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      tally.check(wide <= width, `${login} ${path} scrolls sideways at ${width}: ${wide}`);
    }
    const links = await page.$$eval("a[href^='/']", (all) => all.map((a) => a.getAttribute("href")));
    for (const link of links) {
      const path = link.split("#")[0];
      if (/\/(static|documents|sign-out|enter)/.test(path) || seen.has(shape(path))) continue;
      seen.add(shape(path));
      queue.push(path);
    }
  }
  tally.check(errors.length === 0, `${login}: ${errors.join("; ")}`);
  await context.close();
}
await browser.close();
tally.end();
