// Bad days: a form sent twice, the back button after recording, two people at one form, a closed tab, a sign-out in the
// middle. Each is answered in words, writes once, and loses nothing that was typed.
import { readFileSync } from "node:fs";
import { Tally, open } from "./browser.mjs";
import { Person } from "./clinic.mjs";

const [base, handover] = process.argv.slice(2);
const code = readFileSync(handover, "utf8").trim();
const browser = await open();
const tally = new Tally();
const [COORDINATOR, INVESTIGATOR, LEAD, CO] = ["s01-coordinator-1", "s01-investigator", "s01-lead-therapist-1", "s01-co-therapist-1"];
const at = `/participants/${code}`;

async function person(login, options) {
  const made = new Person(browser, base, tally, options);
  await made.enter(login);
  return made;
}

/** How often words stand in the participant's notes, looked up in another tab. */
async function notes(somebody, words) {
  const tab = await somebody.context.newPage();
  await tab.goto(`${base}${at}`);
  const count = await tab.locator("section:has(> #notes) td").filter({ hasText: words }).count();
  await tab.close();
  await somebody.page.bringToFront();
  return count;
}

async function write(somebody, words) {
  await somebody.page.goto(`${base}${at}/do/note`);
  await somebody.page.locator("main textarea").fill(words);
}

await doubled();
await back();
await together();
await corrected();
await closed();
await signedOut();
await staleForm();
await browser.close();
tally.end();

/** The button pressed twice, with a script and without one, and the same form sent twice at the same moment. */
async function doubled() {
  const plain = await person(COORDINATOR, { script: false });
  await write(plain, "Pressed twice without a script.");
  await plain.page.getByRole("button", { name: "Write note" }).or(plain.page.locator("main form .actions button")).first().dblclick({ noWaitAfter: true });
  await plain.page.waitForURL(/written=/);
  tally.check((await notes(plain, "Pressed twice without a script.")) === 1, "a double click writes one note");

  const somebody = await person(COORDINATOR);
  await write(somebody, "Sent twice at once.");
  const led = await somebody.page.locator("main form").last().evaluate(async (form) => {
    const body = () => new URLSearchParams(new FormData(form));
    const send = () => fetch(form.action, { method: "POST", body: body() }).then((reply) => `${reply.status} ${reply.url}`);
    return Promise.all([send(), send(), send()]);
  });
  tally.check(led.every((one) => one.startsWith("200") && one.includes("written=")), `each sending is answered alike: ${led}`);
  tally.check((await notes(somebody, "Sent twice at once.")) === 1, "three sendings at once write one note");
  await plain.context.close();
  await somebody.context.close();
}

/** Back after recording: the same again is the same act; something else is told to be something else, and kept. */
async function back() {
  const somebody = await person(COORDINATOR);
  const { page } = somebody;
  await write(somebody, "Recorded, then gone back to.");
  const hidden = (name) => page.locator(`main input[name="${name}"]`).last();
  const request = await hidden("request").inputValue();
  const drawn = await hidden("drawn").inputValue();
  await page.locator("main form .actions button").first().click();
  await page.waitForURL(/written=/);
  await page.goBack();
  // Where the browser drew the page anew it is another form; the test is about the one that was sent.
  await hidden("request").evaluate((input, value) => { input.value = value; }, request);
  await hidden("drawn").evaluate((input, value) => { input.value = value; }, drawn);
  await page.locator("main textarea").fill("Recorded, then gone back to.");
  await page.locator("main form .actions button").first().click();
  await page.waitForURL(/written=|do\/note/);
  tally.check((await notes(somebody, "Recorded, then gone back to.")) === 1, "sent again unchanged, it is the same note");

  await page.goto(`${base}${at}/do/note`);
  await page.locator('main input[name="request"]').last().evaluate((input, value) => { input.value = value; }, request);
  await page.locator("main textarea").fill("Changed after going back.");
  await page.locator("main form .actions button").first().click();
  await somebody.sees(/sent before/, "sent again with other words, it says that it was sent before");
  tally.check((await page.locator("main textarea").inputValue()) === "Changed after going back.", "and what is typed now is still there");
  await page.locator("main form .actions button").first().click();
  tally.check((await notes(somebody, "Changed after going back.")) === 1, "sent on purpose, it stands beside the first");
  await somebody.context.close();
}

/** Two people fill in the same form of the same visit; the second is told, sees both, and may correct or leave it. */
async function together() {
  const form = `${at}/visits/V7/forms/integration_note`;
  const [one, two] = [await person(LEAD), await person(CO)];
  for (const somebody of [one, two]) {
    await somebody.page.goto(base + form);
    await somebody.fill("integration_note");
  }
  const words = two.page.locator("main textarea, main input[type=text]").first();
  await words.fill("Seen by the second of two.");
  await one.press("Check answers");
  await one.press("Record");
  await one.sees(/Recorded at/, "the first of two records the form");
  await two.press("Check answers");
  await two.sees(/on record already/, "the second of two is told that it is on record");
  await two.sees(/Seen by the second of two/, "with what they typed beside it");
  const mine = two.page.url();
  await two.page.goto(`${base}/today`);
  await two.sees(/Begun, not recorded/, "what they typed is kept as theirs");
  await two.page.goto(base + form);
  await two.sees(/Seen by the second of two/, `and comes back when they open the form again, as at ${mine}`);
  await two.page.getByLabel("Reason").fill("Both of us took notes; mine has more.");
  await two.press("Correct");
  await two.sees(/Recorded at/, "recorded as a correction, with its reason");
  await two.sees(/Seen by the second of two/, "the record holds it");
  await two.page.goto(`${base}/today`);
  tally.check(!/Begun, not recorded/.test(await two.text()), "and the draft has done its work");
  await one.context.close();
  await two.context.close();
}

/** Two people correct the same record: the second is told what stands there now. */
async function corrected() {
  const [one, two] = [await person(LEAD), await person(CO)];
  await one.page.goto(`${base}${at}/casebook?part=forms`);
  const links = await one.page.$$eval("main a", (all) => all.filter((a) => /integration/i.test(a.textContent)).map((a) => a.getAttribute("href")));
  const record = links.find((href) => /\/forms\/[0-9a-f]/.test(href));
  for (const [somebody, words] of [[one, "Put right by the first."], [two, "Put right by the second."]]) {
    await somebody.page.goto(`${base}${record}/correct`);
    await somebody.page.locator("main textarea, main input[type=text]").first().fill(words);
    await somebody.press("Check answers");
    await somebody.page.getByLabel("Reason").fill("Read again.");
  }
  await one.press("Correct");
  await one.sees(/Recorded at/, "the first correction is recorded");
  await two.press("Correct");
  await two.sees(/corrected this form first/, "the second is told that somebody corrected it first");
  await two.sees(/Put right by the first/, "and sees what stands there now");
  await two.sees(/Put right by the second/, "beside their own");
  await two.press("Correct");
  await two.sees(/Recorded at/, "sent again on purpose, it is recorded");
  await one.context.close();
  await two.context.close();
}

/** A tab that is closed in the middle of a form. */
async function closed() {
  const somebody = await person(CO);
  const form = `${base}${at}/visits/V8/forms/integration_note`;
  await somebody.page.goto(form);
  await somebody.page.locator("main textarea, main input[type=text]").first().fill("Typed before the tab was closed.");
  await somebody.page.getByText(/Draft kept at/).waitFor();
  await somebody.page.close();
  somebody.page = await somebody.context.newPage();
  await somebody.page.goto(`${base}/today`);
  await somebody.sees(/Begun, not recorded/, "Today names what was begun");
  await somebody.page.goto(form);
  const kept = await somebody.page.locator("main textarea, main input[type=text]").first().inputValue();
  tally.check(kept === "Typed before the tab was closed.", `what was typed is there again: ${kept}`);
  await somebody.context.close();
}

/** Signed out in another tab, with a form open in this one; with a script and without. */
async function signedOut() {
  for (const script of [true, false]) {
    const somebody = await person(INVESTIGATOR, { script });
    const words = `Typed before somebody signed out, ${script ? "with" : "without"} a script.`;
    await write(somebody, words);
    const other = await somebody.context.newPage();
    await other.goto(`${base}/today`);
    await other.getByRole("button", { name: "Sign out" }).click();
    await other.waitForURL(/sign-in/);
    await somebody.page.bringToFront();
    await somebody.page.locator("main form .actions button").first().click();
    await somebody.sees(/signed out meanwhile/, "a form of a sign-in that is over asks to sign in");
    tally.check((await somebody.page.title()).includes("Sign in"), "on the page itself");
    await somebody.page.locator(`button[name=login][value="${INVESTIGATOR}"]`).click();
    await somebody.sees(/What you typed is still here/, "and leads back to what was typed");
    await somebody.press("Go on with what you typed");
    tally.check((await somebody.page.locator("main textarea").inputValue()) === words, "every word of it");
    tally.check((await notes(somebody, words)) === 0, "nothing was written on the way");
    await somebody.page.locator("main form .actions button").first().click();
    await somebody.page.waitForURL(/written=/);
    tally.check((await notes(somebody, words)) === 1, "recorded on purpose, it is there once");
    await somebody.context.close();
  }
}

/** Signed out and in again elsewhere: the form in the old tab belongs to the sign-in before. */
async function staleForm() {
  const somebody = await person(LEAD);
  const form = `${base}${at}/visits/V8/forms/integration_note`;
  await somebody.page.goto(form);
  await somebody.page.locator("main textarea, main input[type=text]").first().fill("Typed under the sign-in before.");
  const other = await somebody.context.newPage();
  await other.goto(`${base}/enter/${LEAD}`);
  await somebody.page.bringToFront();
  await somebody.page.getByRole("button", { name: "Check answers" }).click();
  await somebody.sees(/What you typed is still here/, "a form of the sign-in before is not lost");
  await somebody.press("Go on with what you typed");
  const kept = await somebody.page.locator("main textarea, main input[type=text]").first().inputValue();
  tally.check(kept === "Typed under the sign-in before.", `what was typed is in the form again: ${kept}`);
  await somebody.press("Check answers");
  await somebody.sees(/Read it through/, "and goes on from there");
  await somebody.context.close();
}
