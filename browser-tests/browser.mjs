// What both tests share: the browser, axe, and the sentence at the end.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const axe = readFileSync(new URL("./node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export async function open() {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
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

/** Violations that axe finds on a page, in words; the page's own content policy stays in force. */
export async function violations(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Runtime.evaluate", { expression: axe });
  const found = await cdp.send("Runtime.evaluate", {
    expression: "axe.run(document, { resultTypes: ['violations'] }).then(r => JSON.stringify(r.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(', ')}`)))",
    awaitPromise: true,
    returnByValue: true,
  });
  await cdp.detach();
  return JSON.parse(found.result.value ?? '["axe did not answer"]');
}
