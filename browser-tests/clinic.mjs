// Somebody at a device: signs in with one click, follows links by their words, fills forms in as they are drawn.
import { shape, sideways, violations } from "./browser.mjs";

/** What the criteria of the demonstration want to hear, by form; everything else is answered at rest. */
const WANTED = {
  demographics: { language_fluent: "yes", childbearing_potential: "no", qt_table: "male", date_of_birth: "1985-03-01" },
  weight: { weight_kg: "71.5" },
  attestations: {
    swallows_pills: "yes", contact_named: "yes", tells_of_changes: "yes", fasting_rules: "yes", medicine_rules: "yes",
    no_other_trial: "yes", overnight_stay: "yes", driven_home: "yes", commits_to_therapy: "yes",
  },
  mini7: { ptsd_current: "yes", ptsd_months: "60" },
  ecg: { qtcb_ms: "410", rhythm_normal: "yes" },
  labs: { sodium_mmol_l: "140", alt_u_l: "20", ast_u_l: "20", alt_upper_u_l: "50", ast_upper_u_l: "50" },
  pressure_screen: { systolic_1: "122", diastolic_1: "78", systolic_2: "122", diastolic_2: "78", systolic_3: "122", diastolic_3: "78" },
  substance_use: { ecstasy_uses: "0" },
  touch_agreement: { stop_word: "yes" },
  escort: { named: "yes", reached: "yes" },
  pregnancy_test: { result: "negative" },
  caps5: { 21: "1", 22: "60", "22_over_1_month": "yes", A: "yes", 23: "3", 24: "3", 25: "3", 26: "0", 27: "3", 29: "0", 30: "0" },
};

/** Answers of a check that clears; a question that is answered with yes is not listed. */
const WELL = {
  new_illness: "no", new_injury: "no", new_procedure: "no", barred_24h: "no", alcohol_24h: "no", cannabis_24h: "no", stimulant_2h: "no",
  trained: "no", needed: "no", vomited_60: "no", hours_since_food: "10", rate_bpm: "72", celsius: "36.8", percent: "98", rating: "4",
  systolic_1: "128", diastolic_1: "80", systolic_2: "126", diastolic_2: "78", systolic_3: "124", diastolic_3: "78",
};

export class Person {
  constructor(browser, base, tally, { width = 1280, height = 900, script = true } = {}) {
    Object.assign(this, { browser, base, tally, width, height, script, looked: new Set() });
  }

  /** Enters as a persona by clicking their line on the sign-in page; whoever was there before signs out first. */
  async enter(login) {
    if (!this.page) {
      this.context = await this.browser.newContext({ viewport: { width: this.width, height: this.height }, javaScriptEnabled: this.script });
      this.page = await this.context.newPage();
      this.page.setDefaultTimeout(15000);
      this.page.on("pageerror", (error) => this.tally.check(false, `script on ${this.page.url()}: ${error.message}`));
    } else {
      await this.page.getByRole("button", { name: "Sign out" }).click();
    }
    this.login = login;
    if (!this.page.url().includes("/sign-in")) await this.page.goto(`${this.base}/sign-in`);
    await this.look();
    await this.page.locator(`button[name=login][value="${login}"]`).click();
    await this.look();
  }

  /** Once for each shape of page: axe finds nothing, and the page never scrolls sideways. */
  async look() {
    const path = new URL(this.page.url()).pathname;
    // An answer with something wrong in it looks different from the page as it was opened.
    const kind = `${shape(path)} ${(await this.page.locator(".errors, .way[role=alert]").count()) > 0}`;
    // Without a script there is no axe either.
    if (!this.script || this.looked.has(kind)) return;
    this.looked.add(kind);
    if (process.env.SHOTS) await this.page.screenshot({ path: `${process.env.SHOTS}/${this.looked.size}-${kind.replace(/\W+/g, "_")}.png`, fullPage: true });
    for (const violation of await violations(this.page)) this.tally.check(false, `${path} at ${this.width}: ${violation}`);
    const wide = await sideways(this.page);
    this.tally.check(wide <= 0, `${path} scrolls sideways at ${this.width} by ${wide}`);
  }

  async follow(words) {
    await this.page.getByRole("link", { name: words }).first().click();
    await this.look();
  }

  async press(words) {
    const button = this.page.getByRole("button", { name: words, exact: typeof words === "string" }).first();
    // The session room's forms are sent by its script: on to the next page, or with an answer beside the form.
    const how = await button.evaluate((at) => { const kind = at.form?.dataset ?? {}; return kind.keeps || kind.waits ? "page" : kind.fact ? "said" : ""; }).catch(() => "");
    if (how === "page" && this.script) await Promise.all([this.page.waitForEvent("framenavigated"), button.click()]);
    else await button.click();
    if (how === "said" && this.script) await button.locator("xpath=ancestor::form").locator(".recorded:not(:text('being sent')), .errors").first().waitFor();
    await this.page.waitForLoadState();
    await this.look();
  }

  async text() {
    return this.page.locator("main").innerText();
  }

  async sees(pattern, what) {
    const text = await this.text();
    this.tally.check(pattern.test(text), `${this.login}: ${what}; the page says: ${text.replace(/\s+/g, " ").slice(0, 400)}`);
  }

  /** A participant's page, by way of the list. */
  async participant(code) {
    await this.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Participants" }).click();
    await this.page.getByLabel("Code or part of it").fill(code);
    await this.press("Find");
    await this.page.getByRole("link", { name: code, exact: true }).click();
    await this.look();
  }

  /** Lets virtual time pass, by the link in the synthetic bar. */
  async pass(words, times = 1) {
    const here = this.page.url();
    for (let n = 0; n < times; n += 1) {
      await this.page.goto(`${this.base}/clock`);
      await this.press(words);
    }
    await this.page.goto(here);
  }

  /** Radio buttons and fields of the form on the page, each with what it may hold. */
  async fields() {
    return this.page.locator("main form:has(button)").last().evaluate((form) => {
      const found = new Map();
      for (const input of form.querySelectorAll("input, select, textarea")) {
        if (["hidden", "password", "submit"].includes(input.type) || input.name.endsWith(".missing")) continue;
        const known = found.get(input.name);
        if (known) { known.values.push(input.value); continue; }
        const hint = document.getElementById(`${input.id}-h`)?.textContent ?? "";
        const values = input.tagName === "SELECT" ? [...input.options].map((o) => o.value).filter(Boolean) : [input.value];
        found.set(input.name, { name: input.name, type: input.tagName === "SELECT" ? "select" : input.type, values, hint, filled: input.type === "radio" ? false : input.value !== "" });
      }
      return [...found.values()];
    });
  }

  async put(field, value) {
    const at = this.page.locator("main form:has(button)").last().locator(`[name="${field.name}"]`);
    if (field.type === "radio") await at.and(this.page.locator(`[value="${value}"]`)).check();
    else if (field.type === "checkbox") { if (value === "yes") await at.first().check(); }
    else if (field.type === "select") await at.selectOption(value);
    else await at.fill(value);
  }

  /** Answers a form of the study at rest, reads it through and records it. */
  async form(title) {
    await this.follow(title);
    const id = new URL(this.page.url()).pathname.split("/").pop();
    if (new URL(this.page.url()).pathname.includes("/forms/") && (await this.page.getByRole("button", { name: "Check answers" }).count()) === 0) return;
    await this.fill(id);
    await this.press("Check answers");
    await this.mendUntil("Record", "Check answers");
    await this.press("Record");
    await this.sees(/Recorded at/, `${title} is recorded`);
  }

  /** What is asked, item by item: what the study wants to hear, and the rest at rest. */
  async fill(id) {
    const wanted = WANTED[id] ?? {};
    for (const field of await this.fields()) {
      if (!field.name.startsWith("values.")) continue;
      const answer = wanted[field.name.slice("values.".length)] ?? rest(id, field);
      if (answer !== undefined) await this.put(field, answer);
    }
  }

  /** Some answers exclude others: what the page asks to look at is left without an answer, until `done` is offered. */
  async mendUntil(done, button) {
    for (let tries = 0; tries < 4 && (await this.page.getByRole("button", { name: done, exact: true }).count()) === 0; tries += 1) {
      const names = await this.page.locator(".errors a").evaluateAll((all) => all.map((a) => document.getElementById(a.getAttribute("href").slice(1))?.name).filter(Boolean));
      if (names.length === 0) break;
      for (const name of names) {
        const none = this.page.locator(`[name="${name}"][value="none"]`);
        if ((await none.count()) > 0) await none.check();
        else await this.page.locator(`[name="${name}"]`).first().fill("");
      }
      await this.press(button);
    }
  }

  /** What the page says is wrong, line by line. */
  async errors() {
    return this.page.locator(".errors li").allInnerTexts();
  }

  /** The forms of the visit on the page that are still open and for this person. */
  async forms() {
    const titles = await this.open();
    for (const title of titles) await this.form(title);
  }

  async open() {
    return this.page.locator("#activities ~ ul > li").evaluateAll((rows) =>
      rows.filter((row) => row.dataset.kind === "form" && /Open/.test(row.textContent) && !/For:/.test(row.textContent)).map((row) => row.querySelector("a")?.textContent).filter(Boolean));
  }

  /** Checks of the day, one after the other as the page leads, until what comes next is no check of this person. */
  async checks(answers = {}) {
    const done = [];
    for (let n = 0; n < 80; n += 1) {
      const path = new URL(this.page.url()).pathname;
      const form = path.match(/\/forms\/([^/]+)$/)?.[1];
      const check = path.match(/\/do\/check\/([^/]+)$/)?.[1];
      if (form && (await this.page.getByRole("button", { name: "Check answers" }).count()) > 0) {
        await this.fill(form);
        await this.press("Check answers");
        await this.mendUntil("Record", "Check answers");
        await this.press("Record");
      } else if (check) {
        await this.check(answers[check]);
        done.push(check);
      } else {
        const next = this.page.locator("#next > .actions a.button");
        if ((await next.count()) === 0 || !/Record this check|Fill in/.test(await next.innerText())) return done;
        // What has just been recorded and did not clear is not recorded again at once.
        if (done.length > 0 && (await next.getAttribute("href"))?.endsWith(`/check/${done.at(-1)}`)) return done;
        await next.click();
        await this.look();
      }
    }
    return done;
  }

  /** Answers the check on the page: all well, but for what is given. */
  async check(given = {}) {
    for (const field of await this.fields()) {
      if (!field.name.startsWith("values.")) continue;
      const item = field.name.slice("values.".length);
      const answer = given[item] ?? WELL[item] ?? (field.type === "radio" ? "yes" : undefined);
      if (answer !== undefined) await this.put(field, answer);
    }
    await this.press("Record check");
  }

  /** What the page says comes next. */
  async next() {
    return this.page.locator("#next-step").innerText();
  }

  /** Does what the page says comes next, which must be this. */
  async goOn(expected) {
    const next = await this.next();
    this.tally.check(expected.test(next), `${this.login}: next is “${next}”, not ${expected}`);
    await this.page.locator("#next > .actions a.button").click();
    await this.look();
  }

  /** Signs with one click, and a second persona where one is asked for. */
  async sign(button, second) {
    if (second) await this.page.locator('select[name="second_login"]').selectOption(second);
    await this.press(button);
  }
}

function rest(form, field) {
  const numbers = field.values.filter((v) => /^\d+$/.test(v)).map(Number);
  const item = field.name.slice("values.".length);
  switch (field.type) {
    case "radio":
      if (form === "caps5" && /^\d+$/.test(item) && Number(item) <= 20) return "3";
      if (form === "caps5" && item.startsWith("related_")) return "definite";
      if (field.values.includes("yes") && field.values.includes("no")) return "no";
      if (numbers.length > 1) return String(form === "pcl5" ? Math.min(3, Math.max(...numbers)) : Math.min(...numbers));
      return field.values.find((v) => ["absent", "no", "none"].includes(v)) ?? field.values[0];
    case "select":
      return field.values.find((v) => ["absent", "no", "none"].includes(v)) ?? field.values[0];
    case "date": return "2020-05-01";
    case "time": return "23:00";
    case "checkbox": return undefined;
    case "textarea": return "as asked";
    default: break;
  }
  const range = field.hint.match(/(-?[\d.]+) to (-?[\d.]+)/);
  if (/count|whole number from|number from/i.test(field.hint) && range) return range[1];
  if (/date as/i.test(field.hint)) return "2021-01-01";
  if (range) {
    const middle = (Number(range[1]) + Number(range[2])) / 2;
    return String(Number.isInteger(Number(range[1])) && Number.isInteger(Number(range[2])) ? Math.floor(middle) : middle);
  }
  return "as asked";
}
