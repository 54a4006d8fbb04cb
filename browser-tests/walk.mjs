// Walks by clicking, as a coordinator on a phone would: a first call, a wrong answer and its mend, consent.
import { Tally, open, violations } from "./browser.mjs";

const base = process.argv[2];
const browser = await open();
const tally = new Tally();
const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
const page = await context.newPage();

await page.goto(`${base}/sign-in`);
await page.locator('button[name="login"]', { hasText: "Coordinator" }).first().click();
const current = await page.locator(".nav [aria-current]").innerText();
tally.check(current === "Today", `a coordinator's day begins with Today, not ${current}`);
tally.check((await page.locator("text=Synthetic").count()) > 0, "the store says that it is synthetic");

await page.goto(`${base}/participants`);
const before = await page.locator("body").innerText();
const enquiry = page.locator("a", { hasText: /enquiry|new participant|first call/i }).first();
tally.check((await enquiry.count()) === 1, "the list offers a new enquiry");
await enquiry.click();
const submit = page.locator("main form button[type=submit], form.act button, main button").last();
// Sent empty: the page says what is missing and keeps what was typed.
await submit.click();
const told = await page.locator('[role="alert"], .errors').count();
tally.check(told > 0 || (await page.locator(":invalid").count()) > 0, "an empty enquiry is answered with what is missing");
for (const field of await page.locator("main input[type=text]:visible, main input:not([type]):visible").all()) {
  if ((await field.inputValue()) === "") await field.fill("leaflet");
}
for (const choice of await page.locator("main select:visible").all()) {
  const options = await choice.locator("option").evaluateAll((all) => all.map((o) => o.value).filter(Boolean));
  if ((await choice.inputValue()) === "" && options.length > 0) await choice.selectOption(options[0]);
}
for (const group of await page.locator("main fieldset:visible").all()) {
  const radio = group.locator("input[type=radio]");
  if ((await radio.count()) > 0 && (await group.locator("input[type=radio]:checked").count()) === 0) await radio.first().check();
}
await page.locator("main form button[type=submit], form.act button, main button").last().click();
const after = await page.locator("body").innerText();
tally.check(/S01-\d{3}/.test(after) && after !== before, "the enquiry was given a code");
for (const violation of await violations(page)) tally.check(false, `after the enquiry: ${violation}`);
const wide = await page.evaluate(() => document.documentElement.scrollWidth);
tally.check(wide <= 390, `the page fits a phone, ${wide}`);
await browser.close();
tally.end();
