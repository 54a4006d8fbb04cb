// A whole way by clicking, as people without a manual would go it: a first call, consent, screening, both gates and the
// assignment of an arm, by coordinator, investigator, medical monitor, therapist and rater.
import { writeFileSync } from "node:fs";
import { Tally, open, picture } from "./browser.mjs";
import { Person } from "./clinic.mjs";

const [base, handover] = process.argv.slice(2);
const browser = await open();
const tally = new Tally();
const somebody = new Person(browser, base, tally);
const page = () => somebody.page;

// The coordinator takes the call.
await somebody.enter("s01-coordinator-1");
await somebody.follow("Record an enquiry");
await somebody.press("Record enquiry");
await somebody.sees(/Say how they heard of it/, "an empty enquiry is answered with what is missing");
await page().getByLabel("How they heard of it").fill("leaflet");
await somebody.press("Record enquiry");
const code = (await somebody.text()).match(/The code is (S01-\d+)/)?.[1];
tally.check(Boolean(code), "the enquiry is given a code");
await somebody.participant(code);
await somebody.follow("Person and contact");
await page().getByLabel("Name", { exact: false }).first().fill("Wren Ashgrove");
await page().getByLabel("Call only; leave no message").check();
await somebody.press("Keep");

// Consent, first with a question wrong.
await somebody.follow("Take consent");
for (const field of await somebody.fields()) {
  if (field.name.startsWith("items.")) await somebody.put(field, "yes");
}
await somebody.sign("Record consent");
await somebody.sees(/The consent is not recorded yet/, "a consent with open questions says which");
const right = { true: "yes", false: "no" };
const answers = await page().locator("main form fieldset").evaluateAll((all) => all.map((f) => [f.querySelector("input[type=radio]")?.name, f.querySelector("legend")?.textContent]));
const wrong = /certainly get|drive home|already proven|stop my medicines by myself/;
for (const [name, legend] of answers) {
  if (name?.startsWith("answers.")) await page().locator(`[name="${name}"][value="${right[!wrong.test(legend)]}"]`).check();
}
await page().getByLabel("A signed copy was given to the participant").check();
await somebody.sign("Record consent");
await somebody.sees(/Screening/, "consent opens screening");

// Screening.
await somebody.page.getByRole("link", { name: "Casebook" }).first().click();
await somebody.follow("Screening");
await somebody.follow("The person came");
await somebody.press("Record that they came");
await somebody.forms();
await somebody.enter("s01-investigator");
await visit("Screening");
await somebody.forms();
await done();

async function visit(name) {
  await somebody.participant(code);
  await page().getByRole("link", { name: "Casebook" }).first().click();
  await somebody.follow(name);
}

/** Nothing that the visit requires is left open; then it is recorded as done. */
async function done(minutes) {
  const rows = page().locator('#activities ~ ul > li[data-kind="form"]');
  const left = await rows.filter({ hasText: "Open" }).filter({ hasText: "required" }).allInnerTexts();
  tally.check(left.length === 0, `nothing is left open: ${left}`);
  await somebody.follow("The visit is done");
  if (minutes) await page().getByLabel("How long it took").fill(minutes);
  await somebody.press("Record visit as done");
}

// The investigator decides the first gate, with the medical monitor.
await somebody.participant(code);
await somebody.sees(/Enrol: nothing in the way/, "nothing stands in the way of enrolling");
// The medical monitor finds the person and reads the evidence on their own page before they countersign.
await somebody.enter("medical-monitor");
await somebody.participant(code);
await somebody.sees(/Enrol: nothing in the way/, "the medical monitor sees that nothing stands in the way");
await somebody.sees(/With: Investigator/, "and whose decision it is");
await somebody.enter("s01-investigator");
await somebody.participant(code);
await somebody.follow("Enrol");
await somebody.sign("Enrol");
await somebody.sees(/not yet/, "without the countersignature it is refused, with its reason");
await somebody.sign("Enrol", "medical-monitor");
await somebody.sees(/Enrolled, before confirmation/, "enrolled");

// Preparation, each session in its window.
for (const [visit, wait] of [["Preparation session 1", "One week"], ["Preparation session 2", "One week"], ["Preparation session 3", "One week"]]) {
  await somebody.enter("s01-coordinator-1");
  await somebody.participant(code);
  await somebody.follow(new RegExp(`Book V\\d ${visit}`));
  await somebody.press("Book visit");
  await somebody.sees(/Booked/, `${visit} is booked`);
  await somebody.pass(wait);
  await somebody.enter("s01-lead-therapist-1");
  await somebody.participant(code);
  await somebody.follow(new RegExp(`Hold V\\d ${visit}`));
  await somebody.follow("The person came");
  await somebody.press("Record that they came");
  await somebody.forms();
  await done("95");
}

// Baseline: the rating by somebody who knows neither code nor visit, the rest at the site.
await somebody.enter("s01-coordinator-1");
await somebody.participant(code);
await somebody.follow(/Book V4/);
await somebody.press("Book visit");
await somebody.participant(code);
await somebody.enter("independent-rater-1");
const before = await requests();
await somebody.enter("s01-coordinator-1");
await somebody.participant(code);
await somebody.follow(/Ask for the rating of V4/);
await somebody.press("Ask for a rating");
await somebody.pass("Until eight in the morning");

await somebody.enter("independent-rater-1");
const asked = (await requests()).filter((words) => !before.includes(words));
tally.check(asked.length === 1, `the rater is asked for one rating more: ${asked}`);
const everything = await page().content();
tally.check(!/S\d\d-\d{3}/.test(everything), "a rater's page bears no code");
await page().getByRole("link", { name: asked[0], exact: true }).click();
if ((await page().getByRole("link", { name: "Take this rating" }).count()) > 0) {
  await somebody.follow("Take this rating");
  await somebody.press("Take this rating");
  await somebody.sees(/Yours/, "the rating is the rater's own");
}
for (const title of await page().locator("main table a").allInnerTexts()) {
  await somebody.follow(title);
  const form = new URL(page().url()).pathname.split("/").pop();
  tally.check((await page().locator("#score").count()) === 0, "a rater sees no score");
  await somebody.fill(form);
  await somebody.press("Record the rating");
  tally.check((await somebody.errors()).length === 0, `the rating ${form} is recorded: ${await somebody.errors()}`);
}

async function requests() {
  return page().getByRole("link", { name: /^Rate / }).allInnerTexts();
}

await somebody.enter("s01-coordinator-1");
await somebody.participant(code);
await somebody.follow(/Hold V4/);
await somebody.follow("The person came");
await somebody.press("Record that they came");
await somebody.forms();
await somebody.enter("s01-investigator");
await visit("Baseline");
await somebody.forms();
await done("160");

// The second gate and the assignment.
await somebody.participant(code);
await somebody.follow("Confirm enrolment");
await somebody.sign("Confirm enrolment", "medical-monitor");
await somebody.sees(/Confirmed, to be assigned/, "confirmed");
await somebody.follow("Assign an arm");
await picture(page(), "randomise", { height: 720 });
await somebody.sign("Randomise");
await somebody.sees(/Assigned, before the first dose/, "assigned");
const shown = (await page().content()).toLowerCase();
tally.check(!/placebo with|mdma arm|allocated to (mdma|placebo)/.test(shown), "nobody at the site learns which arm");
if (handover) writeFileSync(handover, code ?? "");
console.log(`${code}: from the first call to the assignment of an arm`);
await browser.close();
tally.end();
