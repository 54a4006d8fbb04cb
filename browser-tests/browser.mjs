// What all tests here share: the browser, axe, and the sentence at the end.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const axe = readFileSync(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export async function open() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Playwright adds --headless and an empty --user-data-dir of its own; the rest keeps a browser run by root quiet and alone.
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
}

export class Tally {
  passed = 0;
  failed = 0;
  check(good, what) {
    if (good) this.passed += 1;
    else {
      this.failed += 1;
      console.log(`FAILED ${what}`);
    }
  }
  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`);
    process.exit(this.failed === 0 && this.passed > 0 ? 0 : 1);
  }
}

/** Puts axe into a page that it hasn't left since. The page's own content policy stays in force. */
async function evaluate(cdp, expression) {
  const found = await cdp.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  if (found.exceptionDetails) throw new Error(found.exceptionDetails.exception?.description ?? found.exceptionDetails.text);
  return found.result.value;
}

const RUN = "axe.run(document, { resultTypes: ['violations'] }).then(r => JSON.stringify(r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(', ')}`)))";

/** Violations that axe finds on the page as it stands, in words. */
export async function violations(page) {
  const cdp = await page.context().newCDPSession(page);
  try {
    if (!(await evaluate(cdp, "typeof axe === 'object'"))) await evaluate(cdp, axe);
    return JSON.parse((await evaluate(cdp, RUN)) ?? '["axe did not answer"]');
  } finally {
    await cdp.detach();
  }
}

/** One shape stands for all pages that differ in a code, a record or a container alone. */
export function shape(path) {
  const [bare, query] = path.split("?");
  const part = /(?:part|rehearse)=\w+/.exec(query ?? "")?.[0];
  return (part ? `${bare}?${part}` : bare)
    .replace(/\/participants\/[^/]+/, "/participants/*").replace(/\/sites\/[^/]+/, "/sites/*").replace(/\/stock\/[^/]+/, "/stock/*")
    .replace(/\/ratings\/[^/]+/, "/ratings/*").replace(/\/study\/[^/?]+/, "/study/*").replace(/\/visits\/[^/]+/, "/visits/*")
    .replace(/\/sessions\/[^/]+/, "/sessions/*").replace(/\/forms\/[^/]+/, "/forms/*").replace(/^\/me\/forms\/\*\/[^/]+/, "/me/forms/*/*")
    .replace(/\/accounts\/[^/]+/, "/accounts/*").replace(/\/documents\/[^/]+/, "/documents/*").replace(/\/do\/([^/]+)\/.+$/, "/do/$1/*");
}

/** How far the page can be scrolled sideways; it never should. */
export async function sideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** A picture for the documents, where they are asked for; the first view as a reader's screen would show it. */
export async function picture(page, name, { width = 1280, height = 860 } = {}) {
  if (!process.env.PICTURES) return;
  const before = page.viewportSize();
  await page.setViewportSize({ width, height });
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: `${process.env.PICTURES}/${name}.png` });
  if (before) await page.setViewportSize(before);
}
