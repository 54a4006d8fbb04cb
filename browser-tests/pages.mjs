// Every page that each persona can reach from its own links, at 1280 and 320 px: it answers, axe finds nothing, and it
// never scrolls sideways; once more without a script. And no address of the product and no act's form is left out.
import { readFileSync, readdirSync } from "node:fs";
import { Tally, open, shape, sideways, violations } from "./browser.mjs";

const base = process.argv[2];
const only = process.argv[3];
const WIDTHS = [1280, 320];
/** Pages of one shape that look different (participants in another phase, visits of another kind, forms of another make):
 * so many of them are seen, by whoever comes across them first. Beside that, each persona sees one of each shape. */
const SAMPLES = { "/participants/*": 12, "/participants/*/visits/*": 12, "/participants/*/sessions/*": 8, "/participants/*/visits/*/forms/*": 40, "/participants/*/forms/*": 12, "/participants/*/casebook": 4, "/stock/*": 3 };
const WORKERS = 3;
/** Most that a first view may weigh, with stylesheet, script and mark, uncompressed: 120 kB. */
const VIEW_MAX = 120_000;
/** What an arm is called, by the study; on no page of a participant, a container, a rating or a day. */
const ARMS = [...readFileSync(new URL("../studies/reference-mapp2/study.toml", import.meta.url), "utf8").matchAll(/\[\[arm\]\]\s+id = "\w+"\s+title = "([^"]+)"/g)].map((found) => found[1]);
/** Pages that speak of arms as the study has them, and a rehearsal with arms that are made up. */
const OF_ARMS = /^\/study\b|rehearse=/;
const browser = await open();
const tally = new Tally();

/** What each file of the pages weighs on its way, packed as a browser asks for it. */
const files = new Map();
const seen = new Set();
/** A page whose markup differs in words alone needs axe once at each width. */
const axed = new Set();
const plain = new Map();
/** Pages that somebody has looked at or will, and how many of each shape they are. */
const samples = new Set();
const taken = new Map();
/** How many people have opened an act's form. */
const opened = new Map();
let looked = 0;
/** Pages of the study that name the arms: what is looked for elsewhere is what they are called. */
let named = 0;
let heaviest = { weight: 0 };
const personas = await listed();

async function listed() {
  const page = await browser.newPage();
  await page.goto(`${base}/sign-in`);
  const all = await page.$$eval('button[name="login"]', (buttons) => buttons.map((b) => b.value));
  tally.check(all.length >= 12, `twelve personas or more, found ${all.length}`);
  await look(page, "nobody", "/sign-in");
  await page.close();
  return all.filter((login) => !only || login === only);
}

/** The page's build without its words: elements, classes, roles and names of attributes, repeated ones once. */
function build() {
  const drawn = (node) => {
    const children = [];
    for (const child of node.children) {
      const one = drawn(child);
      if (children[children.length - 1] !== one) children.push(one);
    }
    const named = [...node.attributes].map((a) => (/^(class|role|type|scope|open|checked|aria-current)$/.test(a.name) ? `${a.name}=${a.value}` : a.name)).join(" ");
    const words = [...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim() !== "") ? "…" : "";
    return `<${node.localName} ${named}>${words}${children.join("")}`;
  };
  return drawn(document.documentElement);
}

async function fileWeight(address) {
  if (!files.has(address)) {
    const reply = await fetch(address, { headers: { "accept-encoding": "gzip" } });
    files.set(address, Number(reply.headers.get("content-length")));
    await reply.arrayBuffer();
  }
  return files.get(address);
}

/** The page with everything that it fetches, as if nothing were kept from before: files that a worker hands out are weighed as
 * they came to it. */
async function weighed(page) {
  const [own, ...others] = await page.evaluate(() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
    return all.map((entry) => ({ name: entry.name, size: entry.encodedBodySize }));
  });
  let sum = own.size;
  for (const { name, size } of others) sum += name.includes("/static/") ? await fileWeight(name) : size;
  return sum;
}

async function look(page, login, path) {
  looked += 1;
  seen.add(path);
  let first = true;
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    if (first) {
      const reply = await page.goto(base + path);
      tally.check(reply.status() === 200, `${login} ${path}: ${reply.status()}`);
      tally.check((await page.locator("h1:visible").count()) === 1, `${login} ${path} has one heading of its own`);
      const text = (await page.locator("main").textContent()) ?? "";
      const told = ARMS.filter((arm) => !OF_ARMS.test(path) && text.includes(arm));
      tally.check(told.length === 0, `${login} ${path} tells an arm: ${told}`);
      if (/^\/study/.test(path)) named += ARMS.every((arm) => text.includes(arm)) ? 1 : 0;
      const weight = await weighed(page);
      heaviest = weight > heaviest.weight ? { weight, login, path } : heaviest;
      tally.check(weight <= VIEW_MAX, `${login} ${path} weighs ${weight} bytes, ${VIEW_MAX} at most`);
    }
    first = false;
    const wide = await sideways(page);
    tally.check(wide <= 0, `${login} ${path} scrolls sideways at ${width} by ${wide}`);
    const made = `${width} ${await page.evaluate(build)}`;
    if (axed.has(made)) continue;
    axed.add(made);
    const found = await violations(page);
    tally.check(found.length === 0, `${login} ${path} at ${width}: ${found.join("; ")}`);
  }
}

/** What is a page of ours, and not a file, a way out or a change of person. */
const ours = (link) => link.startsWith("/") && !/^\/(static|sign-out|enter|locked)|\/documents\/|\.csv(\?|$)/.test(link);

async function crawl(login) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`${base}/enter/${login}`);
  const landed = new URL(page.url()).pathname;
  const queue = [landed === "/" ? "/today" : landed];
  const kinds = new Set();
  const met = new Set(queue);
  while (queue.length > 0) {
    const path = queue.shift();
    await look(page, login, path);
    if (!plain.has(shape(path))) plain.set(shape(path), [login, path]);
    const links = await page.$$eval("a[href]", (all) => all.map((a) => a.pathname + a.search).filter((p, n) => all[n].origin === location.origin));
    for (const link of links) {
      if (!ours(link) || met.has(link)) continue;
      met.add(link);
      const kind = shape(link);
      const more = SAMPLES[kind] !== undefined && !samples.has(link) && (taken.get(kind) ?? 0) < SAMPLES[kind];
      if (kinds.has(kind) && !more) continue;
      // A form of an act is drawn from the act, whoever opens it: two people see each.
      if (kind.includes("/do/")) {
        if ((opened.get(kind) ?? 0) >= 2) continue;
        opened.set(kind, (opened.get(kind) ?? 0) + 1);
      }
      kinds.add(kind);
      if (!samples.has(link)) taken.set(kind, (taken.get(kind) ?? 0) + 1);
      samples.add(link);
      queue.push(link);
    }
  }
  tally.check(errors.length === 0, `${login}: ${errors.join("; ")}`);
  await context.close();
}

const waiting = [...personas];
await Promise.all(Array.from({ length: WORKERS }, async () => {
  for (let login = waiting.shift(); login; login = waiting.shift()) {
    const from = Date.now();
    await crawl(login);
    if (process.env.LOUD) console.log(`${login} ${((Date.now() - from) / 1000).toFixed(1)} s`);
  }
}));
console.log(`${personas.length} personas, ${looked} pages, ${axed.size} builds under axe; the heaviest view is ${heaviest.path} with ${heaviest.weight} bytes`);

tally.check(ARMS.length === 2 && named > 0, `the study's pages name both arms, ${ARMS}, on ${named} pages`);
if (!only) {
  await rating();
  await questionnaire();
  await forms();
  await earlier();
  await addresses();
  await scriptless();
}
await browser.close();
tally.end();

/** Forms of acts that no link leads to just now are opened by hand, by somebody whose duty they are. */
async function forms() {
  const source = new URL("../crates/web/src/acts/", import.meta.url);
  const acts = [];
  for (const file of readdirSync(source)) {
    for (const found of readFileSync(new URL(file, source), "utf8").matchAll(/key: "([a-z-]+)",\s*scope: Scope::(\w+)/g)) acts.push({ key: found[1], scope: found[2] });
  }
  tally.check(acts.length > 60, `more than sixty acts, found ${acts.length}`);
  const shapes = new Set([...seen].map(shape));
  const missing = () => acts.filter(({ key }) => ![...shapes].some((s) => s.includes(`/do/${key}`)));
  const at = (pattern) => [...seen].find((path) => pattern.test(path))?.match(pattern)[1];
  const person = at(/^(\/participants\/S01-\d+)/);
  const version = at(/^\/study\/([^/?]+)/);
  if (version) acts.push({ key: `adopt-study/${version}`, scope: "Trial" });
  const where = { Participant: person, Session: `${person}/sessions/1`, Site: "/sites/S01", Trial: "/trial", Rating: at(/^(\/ratings\/[^/]+)/) };
  const byHand = missing();
  for (const { key, scope } of byHand) {
    let opened = false;
    for (const login of personas) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(`${base}/enter/${login}`);
      const reply = await page.goto(`${base}${where[scope]}/do/${key}`);
      if (reply.status() === 200) {
        opened = true;
        await look(page, login, `${where[scope]}/do/${key}`);
      }
      await context.close();
      if (opened) break;
    }
    tally.check(opened, `the form of ${scope}/${key} opens for somebody`);
  }
  console.log(`${acts.length} acts, ${byHand.length} of them opened by hand: ${byHand.map((a) => a.key).join(", ")}`);
}

/** The record as it was known on an earlier day: the same pages, with their notice and without anything to send. */
async function earlier() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${base}/enter/s01-investigator`);
  // The first of all was on record long before that day.
  const person = "/participants/S01-001";
  for (const path of ["/participants", "/trial", person, `${person}/casebook`, `${person}/dates`, `${person}/consent`]) {
    await look(page, "s01-investigator", `${path}?as_of=2025-03-01`);
    tally.check((await page.locator(".pin", { hasText: "As it was known on 1 March 2025" }).count()) === 1, `${path} says as of when it is`);
    tally.check((await page.locator("main form[method=post]").count()) === 0, `${path} has nothing to send`);
  }
  await context.close();
}

/** A form of a rating is there for whoever has taken the rating. */
async function rating() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${base}/enter/independent-rater-1`);
  await page.goto(`${base}/ratings`);
  await page.locator("main table a").first().click();
  const take = page.getByRole("link", { name: "Take this rating" });
  if ((await take.count()) > 0) {
    await take.click();
    await page.getByRole("button", { name: "Take this rating" }).click();
  }
  for (const form of await page.$$eval("main table a", (all) => all.map((a) => a.getAttribute("href")))) await look(page, "independent-rater-1", form);
  await context.close();
}

/** A participant's questionnaire, once one is due: virtual time is let pass until then. */
async function questionnaire() {
  const [staff, own] = [await browser.newContext(), await browser.newContext()];
  const [clock, page] = [await staff.newPage(), await own.newPage()];
  await clock.goto(`${base}/enter/s01-coordinator-1`);
  await page.goto(`${base}/enter/participant`);
  const due = page.locator('main a[href^="/me/forms/"]');
  for (let week = 0; week < 20 && (await due.count()) === 0; week += 1) {
    await clock.goto(`${base}/clock`);
    await clock.getByRole("button", { name: "One week" }).click();
    await page.goto(`${base}/me`);
  }
  for (const href of await due.evaluateAll((all) => all.map((a) => a.getAttribute("href")))) await look(page, "participant", href);
  await staff.close();
  await own.close();
}

/** The table of addresses: each that shows a page was seen by somebody. */
async function addresses() {
  const source = readFileSync(new URL("../crates/web/src/routes.rs", import.meta.url), "utf8");
  const all = [...source.matchAll(/\bget\("([^"]+)"|^\s+"(\/[^"]+)",$/gm)].map((found) => found[1] ?? found[2]);
  tally.check(all.length > 40, `more than forty addresses, found ${all.length}`);
  // No pages: an answer for programs, a change of person, a file; and the page behind which a sign-in sleeps, tried elsewhere.
  // `/` is whatever the person's day begins with.
  const others = ["/healthz", "/enter/{login}", "/participants/{participant}/documents/{instance}", "/locked", "/"];
  // The room's own, which `room.mjs` opens: what streams, its clock, and the empty room for when the server is away.
  const rooms = ["/participants/{participant}/sessions/{session}/live", "/participants/{participant}/sessions/{session}/clock", "/room-shell"];
  for (const address of all) {
    if (others.includes(address) || rooms.includes(address)) continue;
    if (address.endsWith(".csv")) {
      await table(address.replace("{site}", "S01"));
      continue;
    }
    const pattern = new RegExp(`^${address.replace(/\{[^}]+\}/g, "[^/?]+")}(\\?|$)`);
    tally.check([...seen].some((path) => pattern.test(path)), `somebody sees ${address}`);
  }
}

/** A table as a file: for the pharmacist it has a head and lines under it. */
async function table(address) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${base}/enter/s01-pharmacist`);
  const reply = await context.request.get(base + address);
  const kind = reply.headers()["content-type"] ?? "";
  const lines = (await reply.text()).trim().split(/\r?\n/);
  tally.check(reply.status() === 200 && kind.startsWith("text/csv") && lines.length > 1, `${address}: ${reply.status()}, ${kind}, ${lines.length} lines`);
  await context.close();
}

/** Every shape once more with script off: the page answers, and its forms can be sent. */
async function scriptless() {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  let who = "";
  for (const [login, path] of [...plain.values()].sort()) {
    if (login !== who) await page.goto(`${base}/enter/${login}`);
    who = login;
    const reply = await page.goto(base + path);
    tally.check(reply.status() === 200 && (await page.locator("h1:visible").count()) === 1, `${login} ${path} answers without a script`);
    const forms = await page.locator("form").count();
    const sendable = await page.locator("form[method][action]:has(button[type=submit])").count();
    tally.check(forms === sendable, `${login} ${path}: ${forms - sendable} forms can't be sent without a script`);
  }
  await context.close();
  console.log(`${plain.size} shapes without a script`);
}
